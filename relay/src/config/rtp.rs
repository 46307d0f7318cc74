//! Where SIP peers' media is taken, and the address they are told, in each family.

use std::net::IpAddr;

use super::check::Check;
use super::listed::Listed;

/// Where ports are bound, and what peers are told.
type Address = (IpAddr, IpAddr);

impl Check {
    /// The addresses of `media.rtp_listen` with those of `media.rtp_advertised`: the preferred one, and the one of the other
    /// family where there is one.
    pub(super) fn rtp(
        &mut self,
        listen: Option<Listed>,
        advertised: Listed,
        default: Address,
    ) -> (Address, Option<Address>) {
        let texts = listen.map_or_else(Vec::new, |Listed(texts)| texts);
        let mut bound: Vec<IpAddr> =
            texts.iter().filter_map(|text| self.value("media.rtp_listen", text, "an IP address")).collect();
        if texts.is_empty() {
            bound.push(default.0);
        }
        self.one_of_each_family("media.rtp_listen", &bound);
        let Listed(texts) = advertised;
        let mut told: Vec<IpAddr> =
            texts.iter().filter_map(|text| self.address("media.rtp_advertised", text)).collect();
        told.retain(|told| !told.is_unspecified());
        self.one_of_each_family("media.rtp_advertised", &told);
        let mut addresses = Vec::new();
        for bind in bound {
            let own = told.iter().position(|told| told.is_ipv4() == bind.is_ipv4());
            // A socket at `::` may take IPv4, too.
            match own.or_else(|| (bind.is_unspecified() && !told.is_empty()).then_some(0)) {
                Some(at) => addresses.push((bind, told.swap_remove(at))),
                None if bind.is_unspecified() => {
                    let message = "is needed: no peer can reach an unspecified address".to_owned();
                    self.problem("media.rtp_advertised", message);
                }
                None => addresses.push((bind, bind)),
            }
        }
        if let Some(left) = told.first() {
            self.problem("media.rtp_advertised", format!("nothing in media.rtp_listen is of the family of {left}"));
        }
        let mut addresses = addresses.into_iter();
        (addresses.next().unwrap_or(default), addresses.next())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, ConfigError};

    /// What is bound and told, first and second, or the key that is wrong.
    fn read(lines: &str) -> Result<Vec<String>, String> {
        match Config::from_toml(&format!("[media]\n{lines}")) {
            Ok(config) => {
                let media = config.media;
                let both = [Some((media.rtp_bind, media.rtp_advertised)), media.rtp_other];
                Ok(both.into_iter().flatten().map(|(bind, told)| format!("{bind} {told}")).collect())
            }
            Err(ConfigError::Values(problems)) => Err(problems[0].key.clone()),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn one_address_is_bound_and_told() {
        assert_eq!(read("").unwrap(), ["127.0.0.1 127.0.0.1"]);
        assert_eq!(read("rtp_listen = \"::1\"").unwrap(), ["::1 ::1"]);
        let natted = "rtp_listen = \"10.0.0.1\"\nrtp_advertised = \"192.0.2.1\"";
        assert_eq!(read(natted).unwrap(), ["10.0.0.1 192.0.2.1"]);
    }

    #[test]
    fn there_may_be_one_of_each_family_and_each_is_told_its_own() {
        let both = "rtp_listen = [\"0.0.0.0\", \"2001:db8::1\"]\n";
        assert_eq!(
            read(&format!("{both}rtp_advertised = \"192.0.2.1\"")).unwrap(),
            ["0.0.0.0 192.0.2.1", "2001:db8::1 2001:db8::1"]
        );
        assert_eq!(read(both).unwrap_err(), "media.rtp_advertised");
        let told = "rtp_advertised = [\"2001:db8::9\", \"192.0.2.1\"]";
        assert_eq!(read(&format!("{both}{told}")).unwrap(), ["0.0.0.0 192.0.2.1", "2001:db8::1 2001:db8::9"]);
    }

    #[test]
    fn two_of_a_family_and_one_told_for_nothing_are_wrong() {
        assert_eq!(read("rtp_listen = [\"192.0.2.1\", \"192.0.2.2\"]").unwrap_err(), "media.rtp_listen");
        let other = "rtp_listen = \"192.0.2.1\"\nrtp_advertised = \"2001:db8::1\"";
        assert_eq!(read(other).unwrap_err(), "media.rtp_advertised");
    }
}

//! The `[trunks]` table: SIP servers and gateways that calls come from and go to.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use offhook_media::Codec;
use offhook_protocol::Secret;
use offhook_sip::message::{Host, HostPort};
use serde::Deserialize;

use super::Network;
use super::check::Check;
use crate::call::Transcoding;
use crate::ua::{IcePolicy, Protocol, SrtpPolicy};

/// Names a trunk: its place in [`Config::trunks`](super::Config::trunks).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrunkId(pub usize);

/// A SIP server or gateway.
#[derive(Clone, Debug)]
pub struct Trunk {
    /// Its name in the file.
    pub name: String,
    /// Where requests go.
    pub host: HostPort,
    /// How.
    pub transport: Protocol,
    /// Whether it was named: the DNS does not choose one then (RFC 3263 section 4.1).
    pub names_transport: bool,
    /// The host of the relay's own address there.
    pub domain: Host,
    /// The user part of that address, and the user name of digest authentication.
    pub username: Option<String>,
    /// The digest password.
    pub password: Secret,
    /// Whether the relay registers there.
    pub register: bool,
    /// How often it is asked whether it is there, where it is.
    pub qualify: Option<Duration>,
    /// Where its calls come from.
    pub addresses: Vec<Network>,
    /// Whether its calls with others of the kind leave the media to their ends.
    pub direct_media: bool,
    /// Whose number its calls show.
    pub caller_id: CallerId,
    /// Whether it is told in P-Asserted-Identity who calls, also where the callee is not to know (RFC 3325).
    pub assert_identity: bool,
    /// Whether its media is encrypted, where that is otherwise than elsewhere.
    pub srtp: Option<SrtpPolicy>,
    /// The codecs spoken there, likewise.
    pub codecs: Option<Vec<Codec>>,
    /// Whether they may be others than the other end's, likewise.
    pub transcoding: Option<Transcoding>,
    /// What is done with ICE, likewise.
    pub ice: Option<IcePolicy>,
    /// Whether there are pictures, likewise.
    pub video: Option<bool>,
}

/// Whose number a call shows to a trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerId {
    /// The caller's.
    Caller,
    /// That of the relay's account there; the caller's is the display name.
    Account,
}

impl Trunk {
    /// Whether a request from this address is the trunk's.
    #[must_use]
    pub fn sends_from(&self, address: SocketAddr) -> bool {
        self.addresses.iter().any(|network| network.contains(address))
    }
}

/// One trunk as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrunkTable {
    host: String,
    transport: Option<String>,
    domain: Option<String>,
    username: Option<String>,
    password: Option<Secret>,
    #[serde(default)]
    register: bool,
    qualify: Option<u64>,
    addresses: Option<Vec<String>>,
    #[serde(default)]
    direct_media: bool,
    caller_id: Option<String>,
    #[serde(default)]
    assert_identity: bool,
    srtp: Option<String>,
    codecs: Option<Vec<String>>,
    transcode: Option<String>,
    ice: Option<String>,
    video: Option<bool>,
}

impl Check {
    pub(super) fn trunks(&mut self, file: BTreeMap<String, TrunkTable>) -> Vec<Trunk> {
        file.into_iter().filter_map(|(name, trunk)| self.trunk(name, trunk)).collect()
    }

    fn trunk(&mut self, name: String, file: TrunkTable) -> Option<Trunk> {
        let key = |part: &str| format!("trunks.{name}.{part}");
        if !crate::route::is_user_name(&name) || ["any", "users"].contains(&name.as_str()) {
            self.problem("trunks", format!("{name:?} is no name for a trunk: letters, digits and -_.+ are"));
        }
        let host: HostPort = self.value(&key("host"), &file.host, "a host name or address, with or without a port")?;
        let domain = file.domain.and_then(|text| {
            let parsed = Host::parse(&text).ok();
            if parsed.is_none() {
                self.problem(&key("domain"), format!("{text:?} is not a host name or address without a port"));
            }
            parsed
        });
        let names_transport = file.transport.is_some();
        let transport = self.parsed(&key("transport"), file.transport, "udp or tcp", Protocol::Udp);
        if file
            .username
            .as_ref()
            .is_some_and(|name| name.is_empty() || name.chars().any(|c| c.is_control() || c == '@'))
        {
            self.problem(&key("username"), "must be printable text without @".to_owned());
        }
        if file.username.is_none() && (file.register || file.password.is_some()) {
            self.problem(&key("username"), "is needed to register or to answer with a password".to_owned());
        }
        let caller_id = match file.caller_id.as_deref() {
            None if file.username.is_some() => CallerId::Account,
            None | Some("caller") => CallerId::Caller,
            Some("account") if file.username.is_some() => CallerId::Account,
            Some(other) => {
                let message = format!("{other:?} is neither \"caller\" nor, with a username, \"account\"");
                self.problem(&key("caller_id"), message);
                CallerId::Caller
            }
        };
        let addresses = match file.addresses {
            None => host.host.ip().map(Network::of_address).into_iter().collect(),
            Some(texts) => {
                let what = "an address, a network such as \"192.0.2.0/24\", or an address with a port";
                texts.iter().filter_map(|text| self.value(&key("addresses"), text, what)).collect()
            }
        };
        Some(Trunk {
            srtp: self.srtp(&key("srtp"), file.srtp.as_deref()),
            codecs: self.codecs(&key("codecs"), file.codecs.as_deref()),
            transcoding: self.transcoding(&key("transcode"), file.transcode.as_deref()),
            ice: self.ice(&key("ice"), file.ice.as_deref()),
            video: file.video,
            domain: domain.unwrap_or_else(|| host.host.clone()),
            host,
            transport,
            names_transport,
            username: file.username,
            password: file.password.unwrap_or_else(|| Secret::new("")),
            register: file.register,
            qualify: file
                .qualify
                .map(|_| self.seconds(&key("qualify"), file.qualify, 5..=3600, Duration::from_secs(30))),
            addresses,
            direct_media: file.direct_media,
            caller_id,
            assert_identity: file.assert_identity,
            name,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, ConfigError};

    fn read(line: &str) -> Result<Config, ConfigError> {
        Config::from_toml(&format!("[trunks.carrier]\nhost = \"192.0.2.1\"\n{line}"))
    }

    #[test]
    fn a_trunk_says_whether_there_are_pictures() {
        let video = |line| read(line).unwrap().trunks[0].video;
        assert_eq!([video(""), video("video = false"), video("video = true")], [None, Some(false), Some(true)]);
        assert!(read("video = \"no\"").is_err());
    }

    #[test]
    fn a_trunk_is_asked_as_often_as_it_is_said_and_otherwise_not() {
        let qualify = |line| read(line).unwrap().trunks[0].qualify.map(|every| every.as_secs());
        assert_eq!([qualify(""), qualify("qualify = 30")], [None, Some(30)]);
        let Err(ConfigError::Values(problems)) = read("qualify = 1") else { panic!("accepted") };
        assert_eq!(problems[0].key, "trunks.carrier.qualify");
    }
}

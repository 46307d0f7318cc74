//! The attributes WebRTC adds (JSEP, RFC 8829 and what it draws on).

use super::attribute::Attributes;

/// An `a=fingerprint` line: the hash of the peer's DTLS certificate (RFC 8122).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Hash function, such as `sha-256`, in lower case.
    pub algorithm: String,
    /// The hash in upper-case hexadecimal pairs joined by colons.
    pub value: String,
}

/// An `a=setup` line: who opens the DTLS connection (RFC 4145, RFC 8842).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setup {
    /// The writer opens it.
    Active,
    /// The writer waits for it.
    Passive,
    /// Either; what an offer says.
    ActPass,
    /// Nobody for now.
    HoldConn,
}

/// An `a=group` line (RFC 5888), such as `a=group:BUNDLE 0 1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Semantics, such as `BUNDLE`.
    pub semantics: String,
    /// The mids of the sections in the group.
    pub mids: Vec<String>,
}

/// An `a=ssrc` line (RFC 5576).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ssrc {
    /// The synchronisation source.
    pub ssrc: u32,
    /// Attribute of the source, such as `cname`.
    pub attribute: String,
    /// The attribute's value.
    pub value: Option<String>,
}

/// An `a=msid` line (RFC 8830).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Msid {
    /// Identifier of the media stream, `-` for none.
    pub stream: String,
    /// Identifier of the track.
    pub track: Option<String>,
}

impl Attributes {
    /// Identification of the section (RFC 5888).
    pub fn mid(&self) -> Option<&str> {
        self.value("mid").map(str::trim)
    }

    /// ICE user name fragment (RFC 8839).
    pub fn ice_ufrag(&self) -> Option<&str> {
        self.value("ice-ufrag").map(str::trim)
    }

    /// ICE password (RFC 8839). A secret: never log it.
    pub fn ice_pwd(&self) -> Option<&str> {
        self.value("ice-pwd").map(str::trim)
    }

    /// The values of the `a=candidate` lines, in order.
    pub fn candidates(&self) -> impl Iterator<Item = &str> {
        self.values("candidate").map(str::trim)
    }

    /// Certificate fingerprints, in order; several hashes of one certificate are allowed.
    pub fn fingerprints(&self) -> impl Iterator<Item = Fingerprint> {
        self.values("fingerprint").filter_map(|value| {
            let (algorithm, hash) = value.trim().split_once(' ')?;
            Some(Fingerprint { algorithm: algorithm.to_ascii_lowercase(), value: hash.trim().to_ascii_uppercase() })
        })
    }

    /// Role in opening the DTLS connection.
    pub fn setup(&self) -> Option<Setup> {
        let value = self.value("setup")?.trim().to_ascii_lowercase();
        Some(match value.as_str() {
            "active" => Setup::Active,
            "passive" => Setup::Passive,
            "actpass" => Setup::ActPass,
            "holdconn" => Setup::HoldConn,
            _ => return None,
        })
    }

    /// Groups of sections, in order.
    pub fn groups(&self) -> impl Iterator<Item = Group> {
        self.values("group").filter_map(|value| {
            let mut words = value.split_ascii_whitespace().map(str::to_owned);
            Some(Group { semantics: words.next()?, mids: words.collect() })
        })
    }

    /// The group of sections that share one transport (RFC 8843).
    pub fn bundle(&self) -> Option<Group> {
        self.groups().find(|group| group.semantics.eq_ignore_ascii_case("BUNDLE"))
    }

    /// Attributes of synchronisation sources, in order.
    pub fn ssrcs(&self) -> impl Iterator<Item = Ssrc> {
        self.values("ssrc").filter_map(|value| {
            let (ssrc, rest) = value.trim().split_once(' ')?;
            let (attribute, value) = match rest.split_once(':') {
                Some((attribute, value)) => (attribute, Some(value.to_owned())),
                None => (rest, None),
            };
            Some(Ssrc { ssrc: ssrc.parse().ok()?, attribute: attribute.to_owned(), value })
        })
    }

    /// The media stream and track the section belongs to.
    pub fn msid(&self) -> Option<Msid> {
        let mut words = self.value("msid")?.split_ascii_whitespace();
        Some(Msid { stream: words.next()?.to_owned(), track: words.next().map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdp::SessionDescription;

    const BROWSER_OFFER: &str = include_str!("testdata/browser-offer.sdp");

    fn offer() -> SessionDescription {
        SessionDescription::parse(BROWSER_OFFER.as_bytes()).unwrap()
    }

    #[test]
    fn a_browser_offer_groups_its_sections() {
        let offer = offer();
        let bundle = offer.attributes.bundle().unwrap();
        assert_eq!(bundle.mids, ["0", "1"]);
        let mids: Vec<_> = offer.media.iter().filter_map(|m| m.attributes.mid()).collect();
        assert_eq!(mids, ["0", "1"]);
    }

    #[test]
    fn a_browser_offer_carries_ice_and_dtls_parameters() {
        let offer = offer();
        let audio = &offer.media[0].attributes;
        assert_eq!(audio.ice_ufrag(), Some("Kx3f"));
        assert_eq!(audio.ice_pwd(), Some("0123456789abcdefghijklmn"));
        assert_eq!(audio.setup(), Some(Setup::ActPass));
        let fingerprint = audio.fingerprints().next().unwrap();
        assert_eq!(fingerprint.algorithm, "sha-256");
        assert!(fingerprint.value.starts_with("7B:8B:F0"));
        assert_eq!(audio.candidates().count(), 2);
    }

    #[test]
    fn parameters_at_session_level_hold_for_every_section() {
        let offer = offer();
        assert_eq!(offer.value_of(&offer.media[1], "ice-options"), Some("trickle"));
    }

    #[test]
    fn sources_and_streams_are_read() {
        let offer = offer();
        let audio = &offer.media[0].attributes;
        let source = audio.ssrcs().next().unwrap();
        assert_eq!(source.ssrc, 3_570_614_608);
        assert_eq!(source.attribute, "cname");
        assert_eq!(source.value.as_deref(), Some("4TOk42mSjXCkVIa6"));
        let msid = audio.msid().unwrap();
        assert_eq!(msid.stream, "stream-1");
        assert_eq!(msid.track.as_deref(), Some("track-1"));
    }

    #[test]
    fn values_that_make_no_sense_are_absent() {
        let attributes: Attributes = [
            super::super::Attribute::new("setup", "perhaps"),
            super::super::Attribute::new("ssrc", "99999999999 cname:x"),
            super::super::Attribute::new("fingerprint", "sha-256"),
            super::super::Attribute::new("group", ""),
        ]
        .into_iter()
        .collect();
        assert_eq!(attributes.setup(), None);
        assert_eq!(attributes.ssrcs().count(), 0);
        assert_eq!(attributes.fingerprints().count(), 0);
        assert_eq!(attributes.groups().count(), 0);
    }
}

use super::attribute::Attributes;

/// An `a=fingerprint` line: the hash of the peer's DTLS certificate (RFC 8122).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Hash function, such as `sha-256`, in lower case.
    pub algorithm: String,
    /// The hash in upper-case hexadecimal pairs joined by colons.
    pub value: String,
}

impl Attributes {
    /// Certificate fingerprints, in order; several hashes of one certificate are allowed. Lines that cannot be
    /// read are left out.
    pub fn fingerprints(&self) -> impl Iterator<Item = Fingerprint> {
        self.values("fingerprint").filter_map(|value| {
            let (algorithm, hash) = value.trim().split_once(' ')?;
            Some(Fingerprint { algorithm: algorithm.to_ascii_lowercase(), value: hash.trim().to_ascii_uppercase() })
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::sdp::{Attribute, Attributes, SessionDescription};

    #[test]
    fn a_browser_offer_carries_the_fingerprint_of_its_certificate() {
        let offer = SessionDescription::parse(include_bytes!("testdata/browser-offer.sdp")).unwrap();
        let fingerprint = offer.media[0].attributes.fingerprints().next().unwrap();
        assert_eq!(fingerprint.algorithm, "sha-256");
        assert!(fingerprint.value.starts_with("7B:8B:F0"));
    }

    #[test]
    fn a_line_without_a_hash_is_left_out() {
        let attributes: Attributes =
            [Attribute::new("fingerprint", "sha-256"), Attribute::new("fingerprint", "SHA-256 ab:cd")]
                .into_iter()
                .collect();
        let hashes: Vec<_> = attributes.fingerprints().map(|fingerprint| fingerprint.value).collect();
        assert_eq!(hashes, ["AB:CD"]);
    }
}

//! What may be said of media towards a peer, as the configuration says for all peers or for a trunk.

use std::str::FromStr;

use offhook_media::Codec;

pub use offhook_sip::offer_answer::SrtpPolicy;

/// Whether descriptions may speak of ICE (RFC 8839).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IcePolicy {
    /// What is offered with ICE and DTLS is answered so, and what passes untouched keeps it.
    #[default]
    Keep,
    /// It is left out of what passes untouched, and an offer that cannot do without is refused.
    Strip,
}

impl FromStr for IcePolicy {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "keep" => Ok(Self::Keep),
            "strip" => Ok(Self::Strip),
            _ => Err(()),
        }
    }
}

/// What a leg may say of its media.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaPolicy {
    /// Whether RTP is encrypted with keys that the descriptions name. It says nothing of clients in pages, whose media
    /// always is.
    pub srtp: SrtpPolicy,
    /// The codecs spoken there, most preferred first; `None` for all, in the order of whoever offers.
    pub codecs: Option<Vec<Codec>>,
    /// What is done with ICE. It says nothing of clients in pages, which cannot do without.
    pub ice: IcePolicy,
}

impl MediaPolicy {
    /// This policy as far as `own` says nothing else.
    #[must_use]
    pub fn overridden(&self, srtp: Option<SrtpPolicy>, codecs: Option<&Vec<Codec>>, ice: Option<IcePolicy>) -> Self {
        Self {
            srtp: srtp.unwrap_or(self.srtp),
            codecs: codecs.or(self.codecs.as_ref()).cloned(),
            ice: ice.unwrap_or(self.ice),
        }
    }

    /// Leaves the codecs that are spoken there, in the order they are preferred.
    pub(super) fn apply(&self, codecs: &mut Vec<Codec>) {
        if let Some(spoken) = &self.codecs {
            *codecs = spoken.iter().copied().filter(|codec| codecs.contains(codec)).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trunk_says_only_what_is_different_there() {
        let codecs = Some(vec![Codec::Pcma, Codec::Opus]);
        let all = MediaPolicy { srtp: SrtpPolicy::Offered, codecs, ice: IcePolicy::Strip };
        assert_eq!(all.overridden(None, None, None), all);
        let own = all.overridden(Some(SrtpPolicy::Off), Some(&vec![Codec::G722]), Some(IcePolicy::Keep));
        assert_eq!(own, MediaPolicy { codecs: Some(vec![Codec::G722]), ..MediaPolicy::default() });
    }

    #[test]
    fn codecs_are_left_out_and_put_in_order() {
        let mut codecs = vec![Codec::Opus, Codec::G722, Codec::Pcma];
        MediaPolicy::default().apply(&mut codecs);
        assert_eq!(codecs, [Codec::Opus, Codec::G722, Codec::Pcma]);
        let policy =
            MediaPolicy { codecs: Some(vec![Codec::Pcma, Codec::Pcmu, Codec::Opus]), ..MediaPolicy::default() };
        policy.apply(&mut codecs);
        assert_eq!(codecs, [Codec::Pcma, Codec::Opus]);
    }
}

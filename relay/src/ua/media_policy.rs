//! What may be said of media towards a peer, as the configuration says for all peers or for a trunk.

use offhook_media::Codec;

pub use offhook_sip::offer_answer::SrtpPolicy;

/// What a leg may say of its media.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaPolicy {
    /// Whether RTP is encrypted with keys that the descriptions name. It says nothing of clients in pages, whose media
    /// always is.
    pub srtp: SrtpPolicy,
    /// The codecs spoken there, most preferred first; `None` for all, in the order of whoever offers.
    pub codecs: Option<Vec<Codec>>,
}

impl MediaPolicy {
    /// This policy as far as `own` says nothing else.
    #[must_use]
    pub fn overridden(&self, srtp: Option<SrtpPolicy>, codecs: Option<&Vec<Codec>>) -> Self {
        Self { srtp: srtp.unwrap_or(self.srtp), codecs: codecs.or(self.codecs.as_ref()).cloned() }
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
        let all = MediaPolicy { srtp: SrtpPolicy::Offered, codecs: Some(vec![Codec::Pcma, Codec::Opus]) };
        assert_eq!(all.overridden(None, None), all);
        let own = all.overridden(Some(SrtpPolicy::Off), Some(&vec![Codec::G722]));
        assert_eq!(own, MediaPolicy { srtp: SrtpPolicy::Off, codecs: Some(vec![Codec::G722]) });
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

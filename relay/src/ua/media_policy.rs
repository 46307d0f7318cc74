//! What may be said of media towards a peer, as the configuration says for all peers or for a trunk.

use std::str::FromStr;

use offhook_media::Codec;

pub use offhook_sip::offer_answer::SrtpPolicy;

use crate::call::{CodecPolicy, Transcoding, Video};

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaPolicy {
    /// Whether RTP is encrypted with keys that the descriptions name. It says nothing of clients in pages, whose media
    /// always is.
    pub srtp: SrtpPolicy,
    /// The codecs, and whether they may be others than the other end's.
    pub spoken: CodecPolicy,
    /// What is done with ICE. It says nothing of clients in pages, which cannot do without.
    pub ice: IcePolicy,
    /// Whether there may be pictures.
    pub video: bool,
}

impl Default for MediaPolicy {
    fn default() -> Self {
        let spoken = CodecPolicy { codecs: None, transcoding: Transcoding::Needed };
        Self { srtp: SrtpPolicy::default(), spoken, ice: IcePolicy::default(), video: true }
    }
}

/// What a trunk's policy says otherwise than that for all.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnMediaPolicy<'a> {
    /// As [`MediaPolicy::srtp`].
    pub srtp: Option<SrtpPolicy>,
    /// As [`CodecPolicy::codecs`].
    pub codecs: Option<&'a Vec<Codec>>,
    /// As [`CodecPolicy::transcoding`].
    pub transcoding: Option<Transcoding>,
    /// As [`MediaPolicy::ice`].
    pub ice: Option<IcePolicy>,
    /// As [`MediaPolicy::video`].
    pub video: Option<bool>,
}

impl MediaPolicy {
    /// This policy as far as `own` says nothing else.
    #[must_use]
    pub fn overridden(&self, own: OwnMediaPolicy<'_>) -> Self {
        let spoken = CodecPolicy {
            codecs: own.codecs.or(self.spoken.codecs.as_ref()).cloned(),
            transcoding: own.transcoding.unwrap_or(self.spoken.transcoding),
        };
        Self {
            srtp: own.srtp.unwrap_or(self.srtp),
            spoken,
            ice: own.ice.unwrap_or(self.ice),
            video: own.video.unwrap_or(self.video),
        }
    }

    /// Leaves pictures where there may be any.
    pub(super) fn apply_to_video(&self, video: &mut Option<Video>) {
        if !self.video {
            *video = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use offhook_media::Direction;

    use super::*;

    #[test]
    fn a_trunk_says_only_what_is_different_there() {
        let spoken = CodecPolicy { codecs: Some(vec![Codec::Pcma, Codec::Opus]), transcoding: Transcoding::Needed };
        let all = MediaPolicy { srtp: SrtpPolicy::Offered, spoken, ice: IcePolicy::Strip, video: true };
        assert_eq!(all.overridden(OwnMediaPolicy::default()), all);
        let own = OwnMediaPolicy {
            srtp: Some(SrtpPolicy::Off),
            codecs: Some(&vec![Codec::G722]),
            transcoding: Some(Transcoding::Never),
            ice: Some(IcePolicy::Keep),
            video: Some(false),
        };
        let spoken = CodecPolicy { codecs: Some(vec![Codec::G722]), transcoding: Transcoding::Never };
        let all = all.overridden(own);
        assert_eq!(all, MediaPolicy { srtp: SrtpPolicy::Off, spoken, ice: IcePolicy::Keep, video: false });
    }

    #[test]
    fn pictures_are_left_out_where_there_are_to_be_none() {
        let mut video = Some(Video { codecs: Vec::new(), direction: Direction::SendRecv, bandwidth: None });
        MediaPolicy::default().apply_to_video(&mut video);
        assert!(video.is_some());
        MediaPolicy { video: false, ..MediaPolicy::default() }.apply_to_video(&mut video);
        assert!(video.is_none());
    }
}

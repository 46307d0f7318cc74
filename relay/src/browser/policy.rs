//! What is spoken with browsers, as the configuration says.

use offhook_media::Codec;
use offhook_sip::sdp::OpusParameters;

use crate::call::{CodecPolicy, Description, Transcoding};

/// What is spoken with browsers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserPolicy {
    /// The codecs, and whether they may be others than the far end's.
    pub spoken: CodecPolicy,
    /// Whether a browser is asked to send nothing while nobody speaks, where its Opus is decoded here.
    pub opus_dtx: bool,
}

impl Default for BrowserPolicy {
    fn default() -> Self {
        Self { spoken: CodecPolicy { codecs: None, transcoding: Transcoding::Needed }, opus_dtx: false }
    }
}

impl BrowserPolicy {
    /// What a browser is offered that is told this.
    pub(super) fn offer(&self, told: &Description) -> Description {
        let codecs = self.spoken.offerable(told, &Codec::BROWSER);
        self.asked(&Description { codecs, ..told.clone() })
    }

    /// The same with what the relay asks of sound that it decodes itself: whoever is at the far end has asked nothing.
    pub(super) fn asked(&self, told: &Description) -> Description {
        let mut told = told.clone();
        if told.sound.opus.is_none() && self.opus_dtx {
            let parameters = OpusParameters { usedtx: Some(true), ..OpusParameters::default() };
            let parameters = OpusParameters { minptime: Some(10), useinbandfec: Some(true), ..parameters };
            told.sound.opus = Some(parameters);
        }
        told
    }
}

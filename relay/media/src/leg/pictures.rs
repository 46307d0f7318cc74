//! The pictures of a leg that speaks RTP: on ports of their own, with a peer that may be asked for less than a browser.

use std::time::{Duration, Instant};

use super::RtpTransport;
use crate::format::Direction;
use crate::params::{VideoFeedback, VideoRemote};
use crate::rtcp::Feedback;

/// How pictures come and go, and what their sender can be asked for.
pub(crate) struct Pictures {
    /// Where the peer has them, and how they are protected.
    pub transport: RtpTransport,
    /// Which way they flow while the leg is not held.
    pub direction: Direction,
    feedback: VideoFeedback,
    /// Full intra requests so far (RFC 5104 §4.3.1.1).
    requests: u8,
}

/// How a request reaches the sender.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// As this, over RTCP.
    Rtcp(Feedback),
    /// By signalling (RFC 5168).
    Signalling,
    /// Not at all.
    Unheard,
}

impl Pictures {
    /// Pictures of which nothing is known yet.
    #[must_use]
    pub(crate) const fn new(learning_window: Duration) -> Self {
        let feedback = VideoFeedback { nack: false, pli: false, fir: false };
        let transport = RtpTransport::new(learning_window);
        Self { transport, direction: Direction::Inactive, feedback, requests: 0 }
    }

    /// The peer's description says where it has them, and what it can be asked for.
    pub(crate) fn set_remote(&mut self, now: Instant, remote: &VideoRemote) {
        self.transport.set_remote(now, &remote.rtp);
        self.direction = remote.direction;
        self.feedback = remote.feedback;
    }

    /// Whether the peer may ask for packets once more.
    #[must_use]
    pub(crate) const fn repeats(&self) -> bool {
        self.feedback.nack
    }

    /// What is sent to have the peer do this.
    pub(crate) fn request(&mut self, feedback: Feedback) -> Request {
        match feedback {
            Feedback::Keyframe { ssrc } if self.feedback.pli => Request::Rtcp(Feedback::Keyframe { ssrc }),
            Feedback::Keyframe { ssrc } if self.feedback.fir => {
                let number = self.requests;
                self.requests = number.wrapping_add(1);
                Request::Rtcp(Feedback::FullIntra { ssrc, number })
            }
            Feedback::Keyframe { .. } => Request::Signalling,
            Feedback::Nack { .. } if self.feedback.nack => Request::Rtcp(feedback),
            // The bandwidth of a telephone's pictures is what its description says.
            Feedback::Nack { .. } | Feedback::Bandwidth { .. } | Feedback::FullIntra { .. } => Request::Unheard,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtcp::Lost;

    fn pictures(feedback: VideoFeedback) -> Pictures {
        Pictures { feedback, ..Pictures::new(Duration::ZERO) }
    }

    const NONE: VideoFeedback = VideoFeedback { nack: false, pli: false, fir: false };
    const KEYFRAME: Feedback = Feedback::Keyframe { ssrc: 7 };

    #[test]
    fn a_whole_picture_is_asked_for_as_the_peer_takes_it() {
        let mut both = pictures(VideoFeedback { pli: true, fir: true, ..NONE });
        assert_eq!(both.request(KEYFRAME), Request::Rtcp(KEYFRAME));
        let mut full = pictures(VideoFeedback { fir: true, ..NONE });
        for number in 0..2 {
            assert_eq!(full.request(KEYFRAME), Request::Rtcp(Feedback::FullIntra { ssrc: 7, number }));
        }
        assert_eq!(pictures(NONE).request(KEYFRAME), Request::Signalling);
    }

    #[test]
    fn packets_are_asked_for_again_only_where_the_peer_says_so() {
        let lost = || Feedback::Nack { ssrc: 7, lost: vec![Lost::new(1, 0)] };
        assert_eq!(pictures(NONE).request(lost()), Request::Unheard);
        assert_eq!(pictures(VideoFeedback { nack: true, ..NONE }).request(lost()), Request::Rtcp(lost()));
    }

    #[test]
    fn a_telephone_is_told_of_no_bandwidth_over_rtcp() {
        let all = VideoFeedback { nack: true, pli: true, fir: true };
        assert_eq!(pictures(all).request(Feedback::Bandwidth { ssrcs: vec![7], bits: 1 }), Request::Unheard);
    }
}

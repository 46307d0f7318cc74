//! What signalling tells a worker.

use std::time::Duration;

use crate::dtmf::Digits;
use crate::format::Direction;
use crate::params::{LegId, RtpRemote, VideoRemote, WebRtcRemote};

/// An order to a worker. It is carried out in the order given and has no reply; a leg the worker
/// does not know (any more) is ignored.
#[derive(Debug)]
#[non_exhaustive]
pub enum Command {
    /// The browser's description is known. May be sent again when it changes.
    WebRtcRemote {
        /// A leg made by [`crate::Media::webrtc_leg`].
        leg: LegId,
        /// What the description says.
        remote: WebRtcRemote,
    },
    /// The SIP peer's description is known. May be sent again when its address moves.
    RtpRemote {
        /// A leg made by [`crate::Media::rtp_leg`].
        leg: LegId,
        /// What the description says.
        remote: RtpRemote,
    },
    /// The pictures of the SIP peer's description are known. May be sent again when they change.
    VideoRemote {
        /// A leg that [`crate::Media::rtp_video`] gave ports for pictures.
        leg: LegId,
        /// What the description says; `None` where it has no pictures any more: their ports are freed.
        remote: Option<VideoRemote>,
    },
    /// The leg's peer wants a whole picture and has said so outside of the media (RFC 5168): whoever it sees is asked for
    /// one.
    Refresh {
        /// The leg.
        leg: LegId,
    },
    /// Media of each goes to the other from now on. A leg that was joined elsewhere leaves there.
    Join {
        /// One leg.
        a: LegId,
        /// The other, of the same worker.
        b: LegId,
    },
    /// The leg stands alone again, and so does the one it was joined with.
    Unjoin {
        /// Either of the two.
        leg: LegId,
    },
    /// Holds or resumes a leg.
    Direction {
        /// The leg.
        leg: LegId,
        /// What the relay does towards it.
        direction: Direction,
    },
    /// From now on media is expected from the leg, as when a call has been answered: its silence
    /// is reported as [`crate::Event::Inactive`].
    Supervise {
        /// The leg.
        leg: LegId,
    },
    /// Whether to listen for keys in the sound itself, as where the peer has no other way to tell of them. Opus is
    /// not listened to.
    ListenForKeys {
        /// The leg whose peer presses them.
        leg: LegId,
        /// From now on, or no more.
        listen: bool,
    },
    /// Presses keys towards the leg, after those still being sent: as RFC 4733 events where they were agreed, else as
    /// tones in the place of the sound; these last 70 ms at least, as do their pauses.
    /// [`crate::Event::DtmfSent`] or [`crate::Event::DtmfRefused`] follows.
    SendDtmf {
        /// The leg that is to receive them.
        leg: LegId,
        /// The keys.
        digits: Digits,
        /// How long each is pressed; 40 ms to 8 s (1.3 s where keys are on a 48 kHz clock, whose
        /// length field holds no more), taken to the nearer end outside.
        tone: Duration,
        /// The pause after each; 30 ms to 8 s likewise.
        gap: Duration,
    },
    /// Asks for [`crate::Event::Stats`].
    Snapshot {
        /// The leg.
        leg: LegId,
    },
    /// Ends the leg: says goodbye over RTCP, frees its port, unjoins it.
    Close {
        /// The leg.
        leg: LegId,
    },
}

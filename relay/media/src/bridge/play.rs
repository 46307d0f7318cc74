//! The sound of a service on its way to the leg that listens.

use std::time::Instant;

use super::Bridge;
use crate::format::{Codec, Format, MediumKind};
use crate::leg::{Leg, Transport};
use crate::outlet::{LegKey, Outlet};
use crate::rewrite::{Part, Source};
use crate::rtp::{HEADER_LEN, Header};
use crate::service::{FRAME_LEN, Frame};

impl Bridge {
    /// Sends every frame that is due to the leg the service is joined with.
    pub(super) fn play(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        while let Some((listener, frame)) = self.next_frame(now, key) {
            if let Some(listener) = listener {
                self.send_frame(now, key, listener, frame, outlet);
            }
        }
    }

    fn next_frame(&mut self, now: Instant, key: LegKey) -> Option<(Option<LegKey>, Frame)> {
        let heard = self.legs.get(key)?.joined.and_then(|listener| self.legs.get(listener)).is_some_and(Leg::is_ready);
        let leg = self.legs.get_mut(key)?;
        let Transport::Service(player) = &mut leg.transport else {
            return None;
        };
        // Nobody misses the beginning because a handshake took longer.
        if !heard {
            player.wait(now);
            return None;
        }
        Some((leg.joined, player.frame(now)?))
    }

    fn send_frame(&mut self, now: Instant, from: LegKey, to: LegKey, frame: Frame, outlet: &mut impl Outlet) {
        let Some(target) = self.legs.get_mut(to) else {
            return;
        };
        if !target.direction.sends() || target.is_pressing() || !target.is_ready() {
            return;
        }
        let agreed = [Codec::Pcmu, Codec::Pcma]
            .into_iter()
            .find_map(|codec| target.payload_type(Format::Audio(codec)).map(|payload_type| (codec, payload_type)));
        let Frame { sequence, timestamp, .. } = frame;
        let header = |payload_type| Header { marker: false, payload_type, sequence, timestamp, ssrc: 0 };
        let Some((codec, payload_type)) = agreed else {
            // Services speak G.711; it is translated like a telephone's.
            let (sound, header) = (frame.coded(Codec::Pcmu), header(0));
            if !self.transcode(now, from, to, &header, Format::Audio(Codec::Pcmu), &sound) {
                self.count_untranslatable(from);
            }
            return;
        };
        if self.legs.get(from).is_some_and(|leg| leg.transcoding.is_some()) {
            // The listener has come to know G.711.
            self.end_transcoding(from);
        }
        let Some(target) = self.legs.get_mut(to) else {
            return;
        };
        let header = header(payload_type);
        let source = Source { leg: from, ssrc: 0 };
        let rewritten = target.audio.stream.rewrite(now, source, codec.clock(), Part::Audio, header, payload_type);
        if let Some(header) = rewritten {
            let mut packet = [0; HEADER_LEN + FRAME_LEN];
            let (head, body) = packet.split_at_mut(HEADER_LEN);
            head.copy_from_slice(&header.to_bytes());
            body.copy_from_slice(&frame.coded(codec));
            target.send(to, MediumKind::Audio, &packet, &header, outlet);
        }
    }
}

//! libopus, with the settings of a telephone call.

use opus::{Application, Bitrate, Channels};

use super::{Coded, LONGEST_PACKET, samples};
use crate::format::SoundWishes;

/// How hard the encoder tries, of 10. Beyond, speech gains nothing that can be measured.
const COMPLEXITY: i32 = 5;
/// The longest payload written: 60 ms of more bits than any call has.
const LONGEST: usize = 1275;
/// A payload no longer than this says only that nobody speaks, and need not be sent.
const NOTHING: usize = 2;
/// Redundancy costs bits, so it begins with so much loss, in per cent.
const FEC_LOSS: u8 = 1;

/// Decodes Opus, to any of the rates it knows.
pub(super) struct Decoder {
    opus: opus::Decoder,
    rate: u32,
}

impl Decoder {
    /// `None` for a rate that Opus does not have.
    pub(super) fn new(rate: u32) -> Option<Self> {
        let opus = opus::Decoder::new(rate, Channels::Mono).ok()?;
        Some(Self { opus, rate })
    }

    /// `false` when the payload is no Opus.
    pub(super) fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) -> bool {
        // Without any bytes a packet is taken for lost.
        !payload.is_empty() && self.append(payload, samples(self.rate, LONGEST_PACKET), false, out)
    }

    /// Samples in the place of a lost packet.
    pub(super) fn conceal(&mut self, count: usize, out: &mut Vec<i16>) {
        let end = out.len().saturating_add(count);
        let most = samples(self.rate, LONGEST_PACKET);
        // It makes whole pieces of 2.5 ms.
        let piece = (self.rate / 400) as usize;
        while out.len() < end {
            let wanted = (end - out.len()).next_multiple_of(piece).min(most);
            if !self.append(&[], wanted, false, out) {
                break;
            }
        }
        out.resize(end, 0);
    }

    /// The last packet before `next`, of that many samples, as far as `next` tells of it. `false` when it does not.
    pub(super) fn recover(&mut self, next: &[u8], count: usize, out: &mut Vec<i16>) -> bool {
        tells_of_the_last(next) && self.append(next, count, true, out)
    }

    fn append(&mut self, payload: &[u8], most: usize, fec: bool, out: &mut Vec<i16>) -> bool {
        let begin = out.len();
        out.resize(begin.saturating_add(most), 0);
        let room = out.get_mut(begin..).unwrap_or_default();
        let decoded = self.opus.decode(payload, room, fec).ok();
        out.truncate(begin.saturating_add(decoded.unwrap_or_default()));
        decoded.is_some()
    }
}

/// Encodes Opus, from any of the rates it knows.
pub(super) struct Encoder {
    opus: opus::Encoder,
    fec: bool,
}

impl Encoder {
    /// `None` for a rate that Opus does not have.
    pub(super) fn new(rate: u32, wishes: &SoundWishes) -> Option<Self> {
        let mut opus = opus::Encoder::new(rate, Channels::Mono, Application::Voip).ok()?;
        let wanted = wishes.opus_bitrate.map_or(i32::MAX, |bits| i32::try_from(bits).unwrap_or(i32::MAX));
        let bitrate = usual_bitrate(rate).min(wanted.max(6_000));
        // None of these can be refused; what is, stays as libopus has it.
        _ = opus.set_bitrate(Bitrate::Bits(bitrate));
        _ = opus.set_complexity(COMPLEXITY);
        _ = opus.set_dtx(wishes.opus_dtx);
        Some(Self { opus, fec: wishes.opus_fec })
    }

    /// What part of its packets the peer says it loses, in per cent.
    pub(super) fn set_loss(&mut self, percent: u8) {
        let percent = percent.min(100);
        _ = self.opus.set_packet_loss_perc(i32::from(percent));
        _ = self.opus.set_inband_fec(self.fec && percent >= FEC_LOSS);
    }

    /// Appends the payload of a frame.
    pub(super) fn encode(&mut self, frame: &[i16], out: &mut Vec<u8>) -> Coded {
        let begin = out.len();
        out.resize(begin.saturating_add(LONGEST), 0);
        let room = out.get_mut(begin..).unwrap_or_default();
        let length = self.opus.encode(frame, room).unwrap_or_default();
        if length <= NOTHING {
            out.truncate(begin);
            return Coded::Nothing;
        }
        out.truncate(begin.saturating_add(length));
        Coded::Speech
    }
}

/// Where more bits are no longer heard in speech, as RFC 6716 section 2.1.1 has it, with room for redundancy.
const fn usual_bitrate(rate: u32) -> i32 {
    match rate {
        8_000 => 24_000,
        16_000 => 32_000,
        _ => 40_000,
    }
}

/// Whether a packet holds its predecessor a second time (RFC 6716 section 4.2.4).
fn tells_of_the_last(packet: &[u8]) -> bool {
    let Some(&toc) = packet.first() else { return false };
    // The transform codec alone has no such thing.
    if toc & 0x80 != 0 {
        return false;
    }
    let length = opus::packet::get_samples_per_frame(packet, 48_000).unwrap_or_default();
    let frames = (length / 960).max(1);
    let Ok(parsed) = opus::packet::parse(packet) else { return false };
    let Some(&flags) = parsed.frames.first().and_then(|frame| frame.first()) else { return false };
    let stereo = toc & 0x04 != 0;
    // First a bit for each of up to three frames, whether somebody speaks; then this one; then the same of the other channel.
    let is_set = |behind: usize| 7usize.checked_sub(behind).is_some_and(|bit| flags >> bit & 1 == 1);
    is_set(frames) || (stereo && is_set(2 * frames + 1))
}

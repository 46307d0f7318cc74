//! What signalling and media tell each other about a leg.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use zeroize::Zeroize;

use crate::error::InvalidFingerprint;
use crate::format::{Codec, Direction, PayloadFormat, SoundWishes};

/// Names a leg. The caller chooses it; it must be unique for as long as the leg lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegId(pub u64);

/// The ICE user name fragment and password of one side (RFC 8445 §5.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IceCredentials {
    /// `a=ice-ufrag`
    pub ufrag: String,
    /// `a=ice-pwd`
    pub password: IcePassword,
}

/// An ICE password. It does not show in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct IcePassword(String);

impl IcePassword {
    /// Wraps a password so that it cannot be logged by accident.
    #[must_use]
    pub fn new(password: String) -> Self {
        Self(password)
    }

    /// The password itself, for the session description and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IcePassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IcePassword(…)")
    }
}

/// The SHA-256 fingerprint of a DTLS certificate (RFC 8122 §5).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The hash function's name in `a=fingerprint`.
    pub const ALGORITHM: &'static str = "sha-256";

    /// A fingerprint of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads the two words of an `a=fingerprint` line, such as `sha-256` and `4A:AD:…`.
    ///
    /// # Errors
    /// [`InvalidFingerprint`] when the hash is another or the value is not 32 bytes.
    pub fn parse(algorithm: &str, value: &str) -> Result<Self, InvalidFingerprint> {
        if !algorithm.eq_ignore_ascii_case(Self::ALGORITHM) {
            return Err(InvalidFingerprint::Algorithm);
        }
        value.parse()
    }
}

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(value: &str) -> Result<Self, InvalidFingerprint> {
        let mut bytes = [0; 32];
        let mut words = value.split(':');
        for byte in &mut bytes {
            let word = words.next().ok_or(InvalidFingerprint::Value)?;
            if word.len() != 2 || !word.bytes().all(|c| c.is_ascii_hexdigit()) {
                return Err(InvalidFingerprint::Value);
            }
            *byte = u8::from_str_radix(word, 16).map_err(|_| InvalidFingerprint::Value)?;
        }
        if words.next().is_some() {
            return Err(InvalidFingerprint::Value);
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(":")?;
            }
            write!(f, "{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// The relay's side of a browser leg: everything its description says. The relay is always
/// `a=ice-lite`, `a=setup:passive`, `a=rtcp-mux`.
#[derive(Debug, Clone)]
pub struct WebRtcLocal {
    /// `a=ice-ufrag` and `a=ice-pwd`
    pub ice: IceCredentials,
    /// `a=fingerprint:sha-256 …`
    pub fingerprint: Fingerprint,
    /// Host candidates over UDP, component 1, most preferred first.
    pub candidates: Vec<SocketAddr>,
    /// Passive host candidates over TCP (RFC 6544), likewise.
    pub tcp_candidates: Vec<SocketAddr>,
    /// How many sets of ICE credentials the leg has had before these.
    pub generation: u16,
    /// `a=ssrc` of the audio: the source the relay sends with.
    pub ssrc: u32,
    /// `a=ssrc` of the video, likewise.
    pub video_ssrc: u32,
    /// `a=ssrc:… cname:…` of both
    pub cname: String,
}

impl WebRtcLocal {
    /// `a=ssrc` of retransmissions of the video.
    #[must_use]
    pub const fn rtx_ssrc(&self) -> u32 {
        crate::repair::retransmissions(self.video_ssrc)
    }
}

/// What was agreed with a browser to make up for packets of its pictures that are lost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VideoRepair {
    /// `a=rtcp-fb: nack`: the relay asks for what it misses (RFC 4585).
    pub nack: bool,
    /// Payload types of retransmissions, the same both ways (RFC 4588).
    pub rtx: Vec<Rtx>,
    /// `a=extmap`: the number of the header extension that numbers the packets of all streams, of which the relay says when
    /// they arrived (draft-holmer-rmcat-transport-wide-cc-extensions-01).
    pub transport_cc: Option<u8>,
}

/// The payload type of retransmissions, and that of what is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rtx {
    /// `a=rtpmap:… rtx/90000`
    pub payload_type: u8,
    /// `apt=`
    pub of: u8,
}

/// The browser's side of a browser leg, from its description.
#[derive(Debug, Clone)]
pub struct WebRtcRemote {
    /// `a=ice-ufrag` and `a=ice-pwd`
    pub ice: IceCredentials,
    /// Every sha-256 `a=fingerprint`; the certificate must match one.
    pub fingerprints: Vec<Fingerprint>,
    /// What was agreed, most preferred first.
    pub formats: Vec<PayloadFormat>,
    /// How the peer wants its sound.
    pub sound: SoundWishes,
    /// What helps its pictures.
    pub repair: VideoRepair,
}

/// The relay's side of an RTP leg.
#[derive(Debug, Clone)]
pub struct RtpLocal {
    /// Where the peer sends RTP: `c=` and the port of `m=`.
    pub addr: SocketAddr,
    /// Where the peer sends RTCP: always the port above.
    pub rtcp: SocketAddr,
    /// The source the relay sends with.
    pub ssrc: u32,
    /// The canonical name in the relay's RTCP.
    pub cname: String,
}

/// The peer's side of an RTP leg, from its description.
#[derive(Debug, Clone)]
pub struct RtpRemote {
    /// `c=` and the port of `m=`. An unspecified address (`0.0.0.0`, the old way to hold) means
    /// that nothing can be sent.
    pub rtp: SocketAddr,
    /// `a=rtcp`, where given; else the port above RTP's is used.
    pub rtcp: Option<SocketAddr>,
    /// `a=rtcp-mux` of both sides: RTCP shares the ports of RTP (RFC 5761).
    pub rtcp_mux: bool,
    /// The keys, where the media is encrypted: then nothing in the clear is sent or taken.
    pub srtp: Option<SrtpKeys>,
    /// What was agreed, most preferred first.
    pub formats: Vec<PayloadFormat>,
    /// How the peer wants its sound.
    pub sound: SoundWishes,
}

/// The relay's side of the pictures of an RTP leg, on ports of their own.
#[derive(Debug, Clone)]
pub struct VideoLocal {
    /// Where the peer sends RTP: the port of `m=video`, at the address of the sound.
    pub addr: SocketAddr,
    /// Where the peer sends RTCP: always the port above.
    pub rtcp: SocketAddr,
}

/// The peer's side of the pictures of an RTP leg, from the section that describes them.
#[derive(Debug, Clone)]
pub struct VideoRemote {
    /// Where they go, what seals them and how they are coded.
    pub rtp: RtpRemote,
    /// Which way they flow while the leg is not held.
    pub direction: Direction,
    /// What their sender can be asked for.
    pub feedback: VideoFeedback,
}

/// What the sender of pictures can be asked for over RTCP, as `a=rtcp-fb` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VideoFeedback {
    /// Packets once more: `nack` (RFC 4585 §6.2.1).
    pub nack: bool,
    /// A whole picture after a loss: `nack pli` (RFC 4585 §6.3.1).
    pub pli: bool,
    /// A whole picture: `ccm fir` (RFC 5104 §4.3.1).
    pub fir: bool,
}

/// A way to encrypt RTP and RTCP (RFC 3711, RFC 7714).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SrtpSuite {
    /// AES in counter mode with tags of 80 bits.
    AesCm128HmacSha1_80,
    /// The same with tags of 32 bits for RTP.
    AesCm128HmacSha1_32,
    /// AES-128 in Galois/Counter Mode.
    AeadAes128Gcm,
    /// AES-256 in Galois/Counter Mode.
    AeadAes256Gcm,
}

/// A master key with its salt after it. It does not show in `Debug`, and is gone from memory when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SrtpKey(Vec<u8>);

impl SrtpKey {
    /// Wraps key and salt so that they cannot be logged by accident.
    #[must_use]
    pub const fn new(key_and_salt: Vec<u8>) -> Self {
        Self(key_and_salt)
    }

    /// Key and salt, for the cipher and nothing else.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for SrtpKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SrtpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SrtpKey(…)")
    }
}

/// The keys of both directions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SrtpKeys {
    /// What is encrypted how.
    pub suite: SrtpSuite,
    /// What the relay seals with.
    pub send: SrtpKey,
    /// What the peer seals with.
    pub receive: SrtpKey,
}

/// What a service leg does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// Gives back what it hears.
    Echo,
    /// A 440 Hz tone, then a spoken sentence, over and over.
    Tone,
    /// Speaks the keys that were pressed, after a pause.
    DtmfReadback,
}

impl Service {
    /// The codecs that may be agreed on a leg joined with this service.
    #[must_use]
    pub const fn codecs(self) -> &'static [Codec] {
        match self {
            Self::Echo => &Codec::BROWSER,
            Self::Tone | Self::DtmfReadback => &[Codec::Pcmu, Codec::Pcma],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_survives_being_written_and_read() {
        let fingerprint = Fingerprint::from_bytes(std::array::from_fn(|i| i as u8 * 7));
        let line = fingerprint.to_string();
        assert_eq!(Fingerprint::parse("SHA-256", &line), Ok(fingerprint));
        assert_eq!(Fingerprint::parse("sha-256", &line.to_lowercase()), Ok(fingerprint));
    }

    #[test]
    fn other_hashes_and_other_lengths_are_refused() {
        let line = Fingerprint::from_bytes([1; 32]).to_string();
        assert_eq!(Fingerprint::parse("sha-1", &line), Err(InvalidFingerprint::Algorithm));
        for wrong in ["", "01", &line[3..], &format!("{line}:01"), &line.replace(":0", ":+")] {
            assert_eq!(wrong.parse::<Fingerprint>(), Err(InvalidFingerprint::Value));
        }
    }

    #[test]
    fn a_password_does_not_show_in_debug_output() {
        let ice = IceCredentials { ufrag: "abcd".into(), password: IcePassword::new("very secret".into()) };
        assert!(!format!("{ice:?}").contains("secret"));
        assert_eq!(ice.password.expose(), "very secret");
    }
}

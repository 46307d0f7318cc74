//! Writes the seeds of every target: what the project's own tests and fixtures hold.
//!
//! `cargo run -p offhook-fuzz-seeds -- FOLDER` fills `FOLDER/<target>/`.

#[path = "../../../relay/sip/tests/differential/corpus.rs"]
mod corpus;
#[path = "../../../relay/sip/tests/torture/draft.rs"]
mod draft;
#[path = "../../../relay/sip/tests/torture/own_4475.rs"]
mod own_4475;
#[path = "../../../relay/sip/tests/torture/own_5118.rs"]
mod own_5118;

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The project, above this crate.
const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args().nth(1).unwrap_or_else(|| format!("{PROJECT}/fuzz/corpus")));
    let messages: Vec<Vec<u8>> = corpus::all(0, 0).collect();
    write(&folder, "sip_datagram", messages.iter().cloned())?;
    write(&folder, "sip_stream", streams(&messages))?;
    write(&folder, "sdp", descriptions()?)?;
    write(&folder, "rtp", packets())?;
    write(&folder, "dtmf", keys())?;
    write(&folder, "websocket", frames()?)
}

fn write(folder: &Path, target: &str, seeds: impl IntoIterator<Item = Vec<u8>>) -> io::Result<()> {
    let folder = folder.join(target);
    fs::create_dir_all(&folder)?;
    seeds
        .into_iter()
        .enumerate()
        .try_for_each(|(number, seed)| fs::write(folder.join(format!("seed-{number:03}")), seed))
}

/// Each message alone, and some behind each other with keep-alives between them.
fn streams(messages: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let single = messages.iter().map(|message| [b"\x11", message.as_slice()].concat());
    let several = messages.chunks(4).map(|some| [b"\x05", some.join(b"\r\n\r\n".as_slice()).as_slice()].concat());
    single.chain(several).collect()
}

/// The descriptions of browsers, and those of telephones: alone, and as the offers and answers of one call.
fn descriptions() -> io::Result<Vec<Vec<u8>>> {
    let mut descriptions = vec![draft::SDP.as_bytes().to_vec()];
    for folder in ["relay/sip/src/sdp/testdata", "relay/src/webrtc/testdata"] {
        descriptions.extend(files(folder, "sdp")?);
    }
    for held in ["a=sendonly", "a=inactive", "c=IN IP4 0.0.0.0", "a=rtcp-mux\r\na=ptime:30", "b=AS:64"] {
        descriptions.push(format!("{}{held}\r\n", draft::SDP).into_bytes());
    }
    let calls = descriptions.clone();
    let alone = descriptions.into_iter().map(|description| [b"\x00", description.as_slice()].concat());
    let together = calls.windows(2).enumerate().map(|(order, pair)| {
        let order = u8::try_from(order % 4).unwrap_or_default();
        [&[order], pair.join(&0).as_slice()].concat()
    });
    Ok(alone.chain(together).collect())
}

/// The bytes of an RTP packet with this payload type.
fn rtp(payload_type: u8, number: u8, payload: &[u8]) -> Vec<u8> {
    let header = [0x80, payload_type, 0, number, 0, 0, number, 160, 1, 2, 3, 4];
    [&header, payload].concat()
}

/// Sound, keys, reports and checks, as the target reads them: where to, how long, the datagram.
fn packets() -> Vec<Vec<u8>> {
    let step = |target: u8, datagram: &[u8]| {
        let length = u8::try_from(datagram.len()).unwrap_or(u8::MAX);
        [&[target, length], datagram].concat()
    };
    let voice = |number| rtp(8, number, &[0x55; 40]);
    let extended =
        [&[0x90, 111, 0, 9, 0, 0, 0, 9, 1, 2, 3, 4, 0xbe, 0xde, 0, 1, 0x10, 7, 0, 0][..], &[0xfc, 1, 2]].concat();
    let sender_report = [&[0x80, 200, 0, 6, 1, 2, 3, 4][..], &[1; 20]].concat();
    let receiver_report = [&[0x81, 201, 0, 7, 1, 2, 3, 4][..], &[0, 0, 0, 7], &[2; 20]].concat();
    let description = [&[0x81, 202, 0, 3, 1, 2, 3, 4, 1, 4][..], b"fuzz\0\0"].concat();
    let goodbye = [0x81, 203, 0, 1, 1, 2, 3, 4];
    let feedback = [&[0x81, 206, 0, 2, 1, 2, 3, 4][..], &[0, 0, 0, 7]].concat();
    let check = [&[0, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42][..], &[3; 12], &[0, 6, 0, 5], b"ab:cd\0\0\0"].concat();
    let compound = [sender_report.as_slice(), &description].concat();
    let call: Vec<u8> = (0..8).flat_map(|n| [step(0, &voice(n)), step(1, &voice(n))]).flatten().collect();
    let mut seeds = vec![call];
    for (target, datagram) in [
        (0, rtp(101, 1, &[5, 10, 1, 64])),
        (1, rtp(110, 1, &[11, 0x8a, 0x25, 0x80])),
        (0, extended),
        (2, compound),
        (3, receiver_report),
        (0, goodbye.to_vec()),
        (2, feedback),
        (4, check),
    ] {
        seeds.push([step(0, &voice(0)), step(target, &datagram), step(1, &voice(1))].concat());
    }
    seeds
}

/// Bodies of INFO requests, and telephone-events: steps of number, timestamp and time, a marker, and the payload.
fn keys() -> Vec<Vec<u8>> {
    let press = |kind: u8, event: u8| {
        let packets =
            [[1, 4, 20, 1, event, 10, 0, 160], [1, 0, 20, 0, event, 10, 1, 64], [1, 0, 20, 0, event, 0x8a, 3, 32]];
        [&[kind], packets.concat().as_slice()].concat()
    };
    let mut seeds: Vec<Vec<u8>> =
        [2, 3].into_iter().flat_map(|kind| [0, 9, 11, 15, 16].map(|event| press(kind, event))).collect();
    for body in ["5", "*\r\n", " a ", "11"] {
        seeds.push([b"\x00", body.as_bytes()].concat());
    }
    for body in ["Signal=5\r\nDuration=250\r\n", "Signal= #\nDuration= 99999999", "signal=10"] {
        seeds.push([b"\x01", body.as_bytes()].concat());
    }
    seeds
}

/// Every frame that the protocol's own tests keep.
fn frames() -> io::Result<Vec<Vec<u8>>> {
    let mut frames = Vec::new();
    for snapshot in files("protocol/tests/snapshots", "snap")? {
        let text = String::from_utf8_lossy(&snapshot).into_owned();
        // Behind the head of a snapshot there is one object, or a list of them.
        let json = text.splitn(3, "---\n").nth(2).unwrap_or_default();
        frames.extend(objects(json).map(|object| object.as_bytes().to_vec()));
    }
    Ok(frames)
}

/// The objects that stand in a text, by their brackets.
fn objects(text: &str) -> impl Iterator<Item = &str> {
    let (mut depth, mut begin) = (0_u32, 0);
    text.char_indices().filter_map(move |(at, character)| {
        match character {
            '{' if depth == 0 => (depth, begin) = (1, at),
            '{' => depth += 1,
            '}' if depth == 1 => {
                depth = 0;
                return text.get(begin..=at);
            }
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        None
    })
}

/// The files of a folder of the project with this ending, in the order of their names.
fn files(folder: &str, ending: &str) -> io::Result<Vec<Vec<u8>>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(Path::new(PROJECT).join(folder))? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == ending) {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(fs::read).collect()
}

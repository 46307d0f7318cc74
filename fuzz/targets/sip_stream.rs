//! SIP messages over TCP: a stream gives the same messages however the network cuts it, and holds one message at most.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_sip::message::{Frame, Limits, StreamError, StreamReader};

const LIMITS: Limits = Limits { max_head: 2048, max_headers: 32, max_body: 1024 };

/// What is written again has whole line ends, and may be longer by one for each line.
const AGAIN: Limits = Limits { max_head: 2 * LIMITS.max_head, ..LIMITS };

fuzz_target!(|data: &[u8]| {
    let Some((&seed, stream)) = data.split_first() else { return };
    let whole = read([stream].into_iter());
    let mut size = usize::from(seed);
    // Pieces of ever other sizes, small ones first.
    let mut rest = stream;
    let pieces = std::iter::from_fn(|| {
        size = (size * 5 + 3) % 97;
        let (piece, after) = rest.split_at(rest.len().min(1 + size));
        rest = after;
        (!piece.is_empty()).then_some(piece)
    });
    assert_eq!(read(pieces), whole);
    let (frames, _) = whole;
    for frame in frames {
        if let Frame::Message(message) = frame {
            assert!(message.body().len() <= LIMITS.max_body && message.headers().len() <= LIMITS.max_headers);
            // On a stream every message says how long its body is, or has none.
            let mut again = StreamReader::new(AGAIN);
            again.push(&message.to_bytes());
            assert_eq!(again.next_frame(), Ok(Some(Frame::Message(message))));
            assert_eq!(again.next_frame(), Ok(None));
        }
    }
});

/// Everything in a stream, and how it ended.
fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Frame>, Option<StreamError>) {
    let mut reader = StreamReader::new(LIMITS);
    let mut frames = Vec::new();
    for piece in pieces {
        reader.push(piece);
        loop {
            match reader.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => {
                    reader.push(b"\r\n\r\n");
                    assert_eq!(reader.next_frame(), Ok(None), "nothing comes after an error");
                    return (frames, Some(error));
                }
            }
        }
    }
    (frames, None)
}

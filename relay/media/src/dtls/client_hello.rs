//! The beginning of a handshake, read ahead of the library: which SRTP profiles the client offers.
//!
//! The library takes the first profile on the client's list that it is allowed. Browsers list AES-CM first, because every
//! peer has that, so what the library is allowed depends on what the client could do beside.

/// Bytes of a ClientHello that are read; one with post-quantum keys takes 1.5 kB.
const LONGEST: usize = 4096;
/// Bytes of a record's header (RFC 6347 section 4.1), and of a handshake message's (section 4.2.2).
const RECORD_HEADER_LEN: usize = 13;
const MESSAGE_HEADER_LEN: usize = 12;
/// The content type of handshake records, the type of a ClientHello, and that of the extension `use_srtp` (RFC 5764
/// section 4.1.1).
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const USE_SRTP: u16 = 14;

/// What has come of a ClientHello.
#[derive(Debug, Default)]
pub(super) struct ClientHello {
    body: Vec<u8>,
}

/// What a datagram is to it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// Its end. The numbers of the profiles it offers, in its own order.
    Whole(Vec<u16>),
    /// Its next piece.
    Part,
    /// No piece that can be used: handshakes begin with the beginning.
    Other,
}

impl ClientHello {
    /// Reads a datagram. One that begins the message begins it anew.
    pub(super) fn read(&mut self, mut datagram: &[u8]) -> Read {
        let mut read = Read::Other;
        while let Some(record) = record(&mut datagram) {
            let Some(piece) = Piece::parse(record) else { break };
            if piece.offset == 0 {
                self.body.clear();
            }
            if piece.offset != self.body.len()
                || piece.length > LONGEST
                || self.body.len() + piece.bytes.len() > LONGEST
            {
                break;
            }
            self.body.extend_from_slice(piece.bytes);
            if self.body.len() >= piece.length {
                return Read::Whole(profiles(&self.body).unwrap_or_default());
            }
            read = Read::Part;
        }
        read
    }
}

/// A piece of the message.
struct Piece<'a> {
    /// Bytes of the whole message.
    length: usize,
    /// Bytes before this piece.
    offset: usize,
    bytes: &'a [u8],
}

impl<'a> Piece<'a> {
    fn parse(record: &'a [u8]) -> Option<Self> {
        let (&[kind, l0, l1, l2, _, _, o0, o1, o2, n0, n1, n2], bytes) =
            record.split_first_chunk::<MESSAGE_HEADER_LEN>()?;
        let number = |bytes: [u8; 3]| bytes.into_iter().fold(0, |sum, byte| sum << 8 | usize::from(byte));
        let bytes = bytes.get(..number([n0, n1, n2]))?;
        (kind == CLIENT_HELLO).then(|| Self { length: number([l0, l1, l2]), offset: number([o0, o1, o2]), bytes })
    }
}

/// Takes a record of the handshake's beginning off a datagram.
fn record<'a>(datagram: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (&[kind, _, _, e0, e1, .., high, low], rest) = datagram.split_first_chunk::<RECORD_HEADER_LEN>()?;
    let (record, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([high, low])))?;
    *datagram = rest;
    (kind == HANDSHAKE && [e0, e1] == [0, 0]).then_some(record)
}

/// The profiles that a ClientHello offers (RFC 5246 section 7.4.1.2, RFC 6347 section 4.2.1). `None` when it offers none,
/// or makes no sense: that is the library's to say.
fn profiles(mut hello: &[u8]) -> Option<Vec<u16>> {
    // Version and random number.
    take(&mut hello, 34)?;
    // Session and cookie; cipher suites; ways to compress.
    for length in [1, 1, 2, 1] {
        vector(&mut hello, length)?;
    }
    let mut extensions = vector(&mut hello, 2)?;
    while let Some(kind) = take(&mut extensions, 2) {
        let mut extension = vector(&mut extensions, 2)?;
        if kind == USE_SRTP.to_be_bytes() {
            let profiles = vector(&mut extension, 2)?.chunks_exact(2);
            return Some(
                profiles.map(|profile| profile.iter().fold(0, |sum, &byte| sum << 8 | u16::from(byte))).collect(),
            );
        }
    }
    None
}

/// Takes a field whose length comes before it, in so many bytes.
fn vector<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let length = take(bytes, length)?.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
    take(bytes, length)
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The body of a ClientHello that offers these.
    fn hello(profiles: &[u16]) -> Vec<u8> {
        let list: Vec<u8> = profiles.iter().flat_map(|profile| profile.to_be_bytes()).collect();
        let offered = [&[0, 14, 0, list.len() as u8 + 3, 0, list.len() as u8][..], &list, &[0]].concat();
        let extensions = [&[0, 23, 0, 0][..], &offered].concat();
        let fields = [&[0, 2, 9, 9][..], &[0, 2, 0xc0, 0x2b], &[1, 0], &[0, extensions.len() as u8]].concat();
        [&[0xfe, 0xfd][..], &[7; 32], &fields, &extensions].concat()
    }

    /// A record with the bytes from `offset` on.
    fn piece(hello: &[u8], offset: usize, end: usize) -> Vec<u8> {
        let bytes = &hello[offset..end];
        let number = |number: usize| [0, (number >> 8) as u8, number as u8];
        let message = [&[1][..], &number(hello.len()), &[0, 0], &number(offset), &number(bytes.len()), bytes].concat();
        [&[22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, message.len() as u8][..], &message].concat()
    }

    #[test]
    fn the_profiles_of_a_hello_are_read_in_its_order() {
        let hello = hello(&[1, 8, 7]);
        let mut read = ClientHello::default();
        assert_eq!(read.read(&piece(&hello, 0, hello.len())), Read::Whole(vec![1, 8, 7]));
    }

    #[test]
    fn a_hello_in_pieces_is_put_together_and_one_that_begins_anew_too() {
        let hello = hello(&[7]);
        let mut read = ClientHello::default();
        assert_eq!(read.read(&piece(&hello, 30, hello.len())), Read::Other);
        assert_eq!(read.read(&piece(&hello, 0, 30)), Read::Part);
        assert_eq!(read.read(&piece(&hello, 0, 30)), Read::Part);
        let rest = [piece(&hello, 30, 40), piece(&hello, 40, hello.len())].concat();
        assert_eq!(read.read(&rest), Read::Whole(vec![7]));
    }

    #[test]
    fn what_is_longer_than_any_hello_is_not_kept() {
        let endless = vec![0; 5000];
        let mut read = ClientHello::default();
        assert_eq!(read.read(&piece(&endless, 0, 200)), Read::Other);
        assert!(read.body.is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(
            datagrams in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..120), 1..6)
        ) {
            let (mut read, hello) = (ClientHello::default(), hello(&[1, 7]));
            for datagram in datagrams {
                read.read(&datagram);
                let mut body = hello.clone();
                for (at, byte) in datagram.iter().enumerate() {
                    body[at * 7 % hello.len()] ^= byte;
                }
                read.read(&piece(&body, 0, body.len()));
                prop_assert!(read.body.len() <= LONGEST);
            }
        }
    }
}

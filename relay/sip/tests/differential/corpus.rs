//! The messages that are read, and their mutations.

use crate::{own_4475 as a, own_5118 as b};

const WRITTEN: &[fn() -> Vec<u8>] = &[
    a::wsinv,
    a::intmeth,
    a::esc01,
    a::escnull,
    a::esc02,
    a::lwsdisp,
    a::longreq,
    a::dblreq,
    a::semiuri,
    a::transports,
    a::mpart01,
    a::unreason,
    a::noreason,
    a::badinv01,
    a::clerr,
    a::ncl,
    a::scalar02,
    a::scalarlg,
    a::quotbal,
    a::ltgtruri,
    a::lwsruri,
    a::lwsstart,
    a::trws,
    a::escruri,
    a::baddate,
    a::regbadct,
    a::badaspec,
    a::baddn,
    a::badvers,
    a::mismatch01,
    a::mismatch02,
    a::bigcode,
    a::badbranch,
    a::insuf,
    a::unkscm,
    a::novelsc,
    a::unksm2,
    a::bext01,
    a::invut,
    a::regaut01,
    a::multi01,
    a::mcl01,
    a::bcast,
    a::zeromf,
    a::cparam01,
    a::cparam02,
    a::regescrt,
    a::sdp01,
    a::inv2543,
    b::good,
    b::bad,
    b::port_ambiguous,
    b::port_unambiguous,
    b::received_with_brackets,
    b::received_without_brackets,
    b::sdp,
    b::both_in_header,
    b::both_in_sdp,
    b::mapped,
    b::two_colons,
    b::three_colons,
];

/// A call as telephones make it: these are mutated most.
pub(crate) const PLAIN: [&str; 2] = [
    "INVITE sip:omar@shop.example SIP/2.0\r\n\
     Via: SIP/2.0/UDP 198.51.100.7:5062;branch=z9hG4bKq81x;rport\r\n\
     Max-Forwards: 70\r\n\
     From: \"Ines\" <sip:ines@office.example>;tag=in3s\r\n\
     To: <sip:omar@shop.example>\r\n\
     Call-ID: k3-77@198.51.100.7\r\n\
     CSeq: 41 INVITE\r\n\
     Contact: <sip:ines@198.51.100.7:5062>\r\n\
     Content-Type: application/sdp\r\n\
     Content-Length: 10\r\n\r\nv=0\r\ns=-\r\n",
    "SIP/2.0 200 OK\r\n\
     Via: SIP/2.0/TCP 198.51.100.7:5062;branch=z9hG4bKq81x\r\n\
     From: <sip:ines@office.example>;tag=in3s\r\n\
     To: <sip:omar@shop.example>;tag=0m4r\r\n\
     Call-ID: k3-77@198.51.100.7\r\n\
     CSeq: 41 BYE\r\n\
     Content-Length: 0\r\n\r\n",
];

/// Bytes that mean something to a parser, or never should.
const TELLING: &[u8] = b"\r\n\t \0,;:<>\"\\=@%?[]/().-aZ09\x7f\x80\xc3\xff";

/// Every message as it is, and then so many mutations of one to three steps, half of them of the plain ones.
pub(crate) fn all(mutations: usize, seed: u64) -> impl Iterator<Item = Vec<u8>> {
    let plain: Vec<Vec<u8>> = PLAIN.iter().map(|text| text.as_bytes().to_vec()).collect();
    let odd: Vec<Vec<u8>> = WRITTEN.iter().map(|write| write()).collect();
    let untouched: Vec<Vec<u8>> = plain.iter().chain(&odd).cloned().collect();
    let mut random = Random(seed);
    let mutated = (0..mutations).map(move |_| {
        let messages = if random.below(2) == 0 { &plain } else { &odd };
        let mut mutated = messages[random.below(messages.len())].clone();
        for _ in 0..=random.below(3) {
            mutate(&mut mutated, &mut random);
        }
        mutated
    });
    untouched.into_iter().chain(mutated)
}

fn mutate(message: &mut Vec<u8>, random: &mut Random) {
    if message.is_empty() {
        return;
    }
    let at = random.below(message.len());
    let telling = TELLING[random.below(TELLING.len())];
    match random.below(7) {
        0 => drop(message.remove(at)),
        1 => message.insert(at, telling),
        2 => message[at] = telling,
        3 => message.insert(at, message[at]),
        4 if random.below(4) == 0 => message.truncate(at),
        _ => mutate_line(message, random),
    }
}

/// Takes a line out, doubles it, or swaps it with another.
fn mutate_line(message: &mut Vec<u8>, random: &mut Random) {
    let mut lines: Vec<Vec<u8>> = message.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let (one, two) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(3) {
        0 => drop(lines.remove(one)),
        1 => lines.insert(two, lines[one].clone()),
        _ => lines.swap(one, two),
    }
    *message = lines.concat();
}

/// SplitMix64: the same mutations on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit.max(1) as u64).unwrap_or(0)
    }
}

//! Messages of our own for each section of RFC 5118.

use crate::draft::{draft, options};

const CONTACT: &str = "Contact: \"Ines\" <sip:ines@[2001:db8:7::1]>";
const VIA: &str = "Via: SIP/2.0/UDP [2001:db8:7::2];branch=z9hG4bKv6";

fn register(uri: &str) -> Vec<u8> {
    draft(&format!("REGISTER {uri} SIP/2.0"), &[VIA, CONTACT], "")
}

fn invite(lines: &[&str], body: &str) -> Vec<u8> {
    let mut all = vec!["Content-Type: application/sdp"];
    all.extend(lines);
    draft("INVITE sip:omar@[2001:db8:9::7] SIP/2.0", &all, body)
}

/// 4.1: an address in brackets.
pub(crate) fn good() -> Vec<u8> {
    register("sip:[2001:db8:9::7]")
}

/// 4.2: an address without brackets.
pub(crate) fn bad() -> Vec<u8> {
    register("sip:2001:db8:9::7")
}

/// 4.3: what looks like a port is part of the address.
pub(crate) fn port_ambiguous() -> Vec<u8> {
    register("sip:[2001:db8:9::7:5062]")
}

/// 4.4: a port behind the brackets.
pub(crate) fn port_unambiguous() -> Vec<u8> {
    register("sip:[2001:db8:9::7]:5062")
}

/// 4.5: `received` in brackets.
pub(crate) fn received_with_brackets() -> Vec<u8> {
    let via = "Via: SIP/2.0/UDP [2001:db8:7::2];received=[2001:db8:7::ff];branch=z9hG4bKr";
    draft("BYE sip:[2001:db8:9::7] SIP/2.0", &[via], "")
}

/// 4.5: `received` without brackets.
pub(crate) fn received_without_brackets() -> Vec<u8> {
    let via = "Via: SIP/2.0/UDP [2001:db8:7::2];received=2001:db8:7::ff;branch=z9hG4bKr";
    options("sip:[2001:db8:9::7]", &[via])
}

/// 4.6: addresses in the session description.
pub(crate) fn sdp() -> Vec<u8> {
    invite(
        &[VIA, CONTACT],
        "v=0\r\no=ines 1 1 IN IP6 2001:db8:7::2\r\ns=-\r\nc=IN IP6 2001:db8:7::2\r\nt=0 0\r\n\
         m=audio 40000 RTP/AVP 2\r\na=rtpmap:2 G726-32/8000\r\n",
    )
}

/// 4.7: both families in one header.
pub(crate) fn both_in_header() -> Vec<u8> {
    let vias = [
        "Via: SIP/2.0/UDP [2001:db8:7::2]:5062;branch=z9hG4bK1",
        "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK2",
        "Via: SIP/2.0/TCP [2001:db8:7::3];branch=z9hG4bK3;received=198.51.100.8",
    ];
    draft("BYE sip:omar@shop.example SIP/2.0", &vias, "")
}

/// 4.8: both families in one session description.
pub(crate) fn both_in_sdp() -> Vec<u8> {
    invite(
        &[VIA, CONTACT],
        "v=0\r\no=ines 1 1 IN IP4 office.example\r\ns=-\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n\
         c=IN IP4 198.51.100.7\r\nm=video 40002 RTP/AVP 99\r\nc=IN IP6 2001:db8:7::2\r\n",
    )
}

/// 4.9: IPv4 addresses in the form of IPv6.
pub(crate) fn mapped() -> Vec<u8> {
    let lines = [
        "Via: SIP/2.0/UDP [::ffff:198.51.100.7]:5062;branch=z9hG4bK1",
        "Via: SIP/2.0/UDP [::ffff:198.51.100.8];branch=z9hG4bK2",
        "Contact: \"Ines\" <sip:ines@[::ffff:198.51.100.8]>",
    ];
    invite(
        &lines,
        "v=0\r\no=ines 1 1 IN IP6 ::ffff:198.51.100.8\r\ns=-\r\nc=IN IP6 ::ffff:198.51.100.8\r\n\
         t=0 0\r\nm=audio 40000 RTP/AVP 2\r\na=rtpmap:2 G726-32/8000\r\n",
    )
}

/// 4.10: an IPv4 tail as it must be written.
pub(crate) fn two_colons() -> Vec<u8> {
    let to = "To: sip:omar@[2001:db8:9::198.51.100.7]";
    options("sip:omar@[2001:db8:9::198.51.100.7]", &[to])
}

/// 4.10: an IPv4 tail as the grammar of RFC 3261 let it be written.
pub(crate) fn three_colons() -> Vec<u8> {
    let to = "To: sip:omar@[2001:db8:9:::198.51.100.7]";
    options("sip:omar@[2001:db8:9:::198.51.100.7]", &[to])
}

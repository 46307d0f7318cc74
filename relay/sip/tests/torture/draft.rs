//! Messages written from a few lines: what a test does not talk about is filled in.

/// The headers every request has, unless a line of that name is given. A line `-Name` leaves the
/// header out.
const USUAL: [(&str, &str); 6] = [
    ("Via", "SIP/2.0/UDP desk7.office.example:5062;branch=z9hG4bKq81x"),
    ("Max-Forwards", "68"),
    ("From", "<sip:ines@office.example>;tag=in3s"),
    ("To", "<sip:omar@shop.example>"),
    ("Call-ID", "k3-77@desk7.office.example"),
    ("CSeq", "41 METHOD"),
];

/// A session description of our own.
pub(crate) const SDP: &str = "v=0\r\no=ines 7 1 IN IP4 198.51.100.7\r\ns=-\r\n\
    c=IN IP4 198.51.100.7\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 101\r\n\
    a=rtpmap:101 telephone-event/8000\r\n";

/// A message with these header lines and the usual ones besides. Content-Length is right unless
/// it is among the lines.
pub(crate) fn draft(start_line: &str, lines: &[&str], body: &str) -> Vec<u8> {
    let method = start_line.split_whitespace().next().unwrap_or_default();
    let given = |name: &str| {
        lines.iter().any(|line| {
            let written = line.trim_start_matches('-').split(':').next();
            written.is_some_and(|written| written.trim().eq_ignore_ascii_case(name))
        })
    };
    let mut text = format!("{start_line}\r\n");
    for (name, value) in USUAL {
        if !given(name) {
            let value = value.replace("METHOD", method);
            text.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    for line in lines.iter().filter(|line| !line.starts_with('-')) {
        text.push_str(&format!("{line}\r\n"));
    }
    if !given("Content-Length") {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    format!("{text}\r\n{body}").into_bytes()
}

/// A response to an INVITE of ours, with the usual headers.
pub(crate) fn reply(status_line: &str, lines: &[&str]) -> Vec<u8> {
    let mut all = vec!["-Max-Forwards"];
    if !lines.iter().any(|line| line.starts_with("CSeq")) {
        all.push("CSeq: 41 INVITE");
    }
    all.extend(lines);
    draft(status_line, &all, "")
}

/// An INVITE with a session description.
pub(crate) fn invite(uri: &str, lines: &[&str]) -> Vec<u8> {
    let mut all = Vec::new();
    if !lines.iter().any(|line| line.starts_with("m:")) {
        all.push("Contact: <sip:ines@198.51.100.7>");
    }
    if !lines.iter().any(|line| line.contains("Content-Type")) {
        all.push("Content-Type: application/sdp");
    }
    all.extend(lines);
    draft(&format!("INVITE {uri} SIP/2.0"), &all, SDP)
}

/// An OPTIONS without a body.
pub(crate) fn options(uri: &str, lines: &[&str]) -> Vec<u8> {
    draft(&format!("OPTIONS {uri} SIP/2.0"), lines, "")
}

/// A REGISTER without a body.
pub(crate) fn register(lines: &[&str]) -> Vec<u8> {
    draft("REGISTER sip:shop.example SIP/2.0", lines, "")
}

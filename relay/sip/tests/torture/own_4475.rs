//! Messages of our own for each section of RFC 4475.

use crate::draft::{SDP, draft, invite, options, register, reply};

const URI: &str = "sip:omar@shop.example";

/// 3.1.1.1: white space and folds wherever the grammar has them, odd cases, compact forms.
pub(crate) fn wsinv() -> Vec<u8> {
    let head = "INVITE sip:omar@shop.example;strange SIP/2.0\r\n\
        tO   :\r\n\t sip:omar@shop.example\r\n ;\ttag =   7t\r\n\
        fROM :   \"Ines \\\\ \\\"\"\t <sip:ines@office.example>\r\n  ;\r\n  tag\r\n  = x9\r\n\
        max-FORWARDS:\t0012\r\n\
        CALL-id: ws.1@desk\r\n\
        cSEQ:  0041\r\n\tINVITE\r\n\
        viA : SIP /\t2.0\r\n / UDP\r\n  198.51.100.7 ; branch=plainbranch\r\n\
        S :\r\n\
        X-Odd:  first\r\n second\r\n\
        X-Odder: ,,;;,\r\n\
        ROUTE:\r\n <sip:edge.office.example;lr;strange;p=q>\r\n\
        V: SIP/2.0/ TCP  core.office.example ;\r\n branch = z9hG4bKws1 ,\r\n SIP / 2.0 /UDP 198.51.100.9;branch=\r\n  z9hG4bKws2\r\n\
        M : \"\\\"i\\\"\" <sip:ines@198.51.100.7> ; a =\r\n b ; c ; q = 0.5\r\n\
        c: application/sdp\r\n";
    format!("{head}Content-Length :  {}\r\n\r\n{SDP}", SDP.len()).into_bytes()
}

/// 3.1.1.2: every character a method, a header name, a tag and a user part may have.
pub(crate) fn intmeth() -> Vec<u8> {
    let method = "Call!*Me_now+%`'~.-9";
    let lines = [
        "To: \"tab:\\\t nul:\\\0 del:\\\u{7f}\" <sip:o=m&a+r$,;?/@shop.example>",
        "From: odd~ 'words* <sip:ines@office.example>;p'~=\"\u{436}\u{3b6}\";tag=a~b'c`d*e%f!g.h",
        "Call-ID: %\"+(w)<o>:r\\d@[e]?{n}d/",
        "X!-.%*+_`'~: \u{fefff}\u{4e2d}",
    ];
    let start = format!("{method} sip:o=m&a+r$,;?/:p&w=1+2$,@shop.example SIP/2.0");
    draft(&start, &lines, "")
}

/// 3.1.1.3: escapes in every part of a URI.
pub(crate) fn esc01() -> Vec<u8> {
    invite(
        "sip:sips%3Aomar%40inner.example@shop.example",
        &[
            "To: sip:%6Fma%72@shop.example",
            "From: <sip:ines%20of%20sales@office.example>;tag=e1",
            "m: <sip:in%65s@198.51.100.7;%6C%72;p%71=v%25%34%31>",
        ],
    )
}

/// 3.1.1.4: escaped NULs.
pub(crate) fn escnull() -> Vec<u8> {
    register(&[
        "To: sip:a%00b@shop.example",
        "From: sip:a%00b@shop.example;tag=n",
        "Contact: <sip:%00@198.51.100.7>",
        "Contact: <sip:%00%00@198.51.100.7>",
    ])
}

/// 3.1.1.5: a percent sign where nothing is escaped.
pub(crate) fn esc02() -> Vec<u8> {
    draft(
        "R%45GISTER sip:shop.example SIP/2.0",
        &[
            "To: \"%41%\" <sip:omar@shop.example>",
            "From: \"%41%\" <sip:omar@shop.example>;tag=p",
            "Contact: <sip:one@198.51.100.7>",
            "Cont%61ct: <sip:two@198.51.100.7>",
            "Contact: <sip:three@198.51.100.7>",
        ],
        "",
    )
}

/// 3.1.1.6: no space between a display name and the bracket.
pub(crate) fn lwsdisp() -> Vec<u8> {
    options(URI, &["From: ines<sip:ines@office.example>;tag=w"])
}

/// 3.1.1.7: long values.
pub(crate) fn longreq() -> Vec<u8> {
    let long = "stretch".repeat(30);
    let mut lines = vec![
        format!("To: \"{long}\"<sip:omar@shop.example:6000;{long}={long}>"),
        format!("f: sip:{long}@office.example;tag={long};{long}"),
        format!("Call-ID: {long}"),
        format!("X-{long}: {long}; {long}={long}"),
        format!("m: <sip:{long}@198.51.100.7>"),
        "-From".to_owned(),
    ];
    let casings = ["Via", "v", "V", "vIA", "VIA", "v ", "V  ", "vIa"];
    let hops = (0..33).zip(casings.into_iter().cycle());
    lines.extend(hops.map(|(n, name)| format!("{name}: SIP/2.0/TCP hop{n}.example")));
    lines.push(format!("Via: SIP/2.0/TCP last.example;branch={long}"));
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    invite(URI, &lines)
}

/// 3.1.1.8: a second request behind the first in one datagram.
pub(crate) fn dblreq() -> Vec<u8> {
    let mut first = register(&["Contact: <sip:ines@198.51.100.7>"]);
    first.extend_from_slice(b"\r\n\r\n");
    first.extend(invite(URI, &[]));
    first
}

/// 3.1.1.9: a semicolon in a user part.
pub(crate) fn semiuri() -> Vec<u8> {
    options("sip:omar;room=7%40shop.example@shop.example", &[])
}

/// 3.1.1.10: transports known and unknown.
pub(crate) fn transports() -> Vec<u8> {
    options(
        URI,
        &[
            "Via: SIP/2.0/UDP a.example;branch=z9hG4bKa",
            "Via: SIP/2.0/SCTP b.example;branch=z9hG4bKb",
            "Via: SIP/2.0/TLS c.example;branch=z9hG4bKc",
            "Via: SIP/2.0/PIGEON d.example;branch=z9hG4bKd",
            "Via: SIP/2.0/TCP e.example;branch=z9hG4bKe",
        ],
    )
}

/// 3.1.1.11: a body in parts, one of them binary.
pub(crate) fn mpart01() -> Vec<u8> {
    let mut body = b"--cut-here\r\nContent-Type: text/plain\r\n\r\nhi\r\n--cut-here\r\n\
        Content-Type: application/octet-stream\r\n\r\n"
        .to_vec();
    body.extend(0..=255_u8);
    body.extend_from_slice(b"\r\n--cut-here--\r\n");
    let kind = "Content-Type: multipart/mixed;boundary=cut-here";
    let length = format!("Content-Length: {}", body.len());
    let mut message = draft(&format!("MESSAGE {URI} SIP/2.0"), &[kind, &length], "");
    message.extend(body);
    message
}

/// 3.1.1.12: a reason in another script.
pub(crate) fn unreason() -> Vec<u8> {
    reply("SIP/2.0 200 \u{3ba}\u{3b1}\u{3bb}\u{3ac} = 5 * 40 %", &[])
}

/// 3.1.1.13: no reason, but its space.
pub(crate) fn noreason() -> Vec<u8> {
    reply("SIP/2.0 100 ", &[])
}

/// 3.1.2.1: separators without anything between them.
pub(crate) fn badinv01() -> Vec<u8> {
    invite(URI, &["Via: SIP/2.0/UDP 198.51.100.7;,;;,", "m: <sip:ines@198.51.100.7>;;;"])
}

/// 3.1.2.2: Content-Length beyond the end.
pub(crate) fn clerr() -> Vec<u8> {
    invite(URI, &["Content-Length: 5000"])
}

/// 3.1.2.3: Content-Length below zero.
pub(crate) fn ncl() -> Vec<u8> {
    invite(URI, &["Content-Length: -7"])
}

/// 3.1.2.4: numbers beyond their range in a request.
pub(crate) fn scalar02() -> Vec<u8> {
    register(&[
        "CSeq: 73786976294838206464 REGISTER",
        "Max-Forwards: 301",
        "Expires: 90000000000000000000000000000000000000",
        "Contact: <sip:ines@198.51.100.7>;expires=880297596632815",
    ])
}

/// 3.1.2.5: numbers beyond their range in a response.
pub(crate) fn scalarlg() -> Vec<u8> {
    reply(
        "SIP/2.0 503 Service Unavailable",
        &["CSeq: 7292394834772304023312 OPTIONS", "Retry-After: 849302838503028349304023988"],
    )
}

/// 3.1.2.6: a quote that is not closed.
pub(crate) fn quotbal() -> Vec<u8> {
    invite(URI, &["To: \"Omar, at the shop <sip:omar@shop.example>"])
}

/// 3.1.2.7: a Request-URI in angle brackets.
pub(crate) fn ltgtruri() -> Vec<u8> {
    invite("<sip:omar@shop.example>", &[])
}

/// 3.1.2.8: white space inside a Request-URI.
pub(crate) fn lwsruri() -> Vec<u8> {
    invite("sip:omar@shop.example; user=phone", &[])
}

/// 3.1.2.9: more than one space in a request line.
pub(crate) fn lwsstart() -> Vec<u8> {
    let invite = String::from_utf8(invite(URI, &[])).unwrap_or_default();
    invite.replacen(' ', "   ", 2).into_bytes()
}

/// 3.1.2.10: spaces after the version.
pub(crate) fn trws() -> Vec<u8> {
    draft("OPTIONS sip:omar@shop.example SIP/2.0   ", &[], "")
}

/// 3.1.2.11: headers in a Request-URI.
pub(crate) fn escruri() -> Vec<u8> {
    invite("sip:omar@shop.example?Subject=hi", &[])
}

/// 3.1.2.12: a time zone that is not GMT.
pub(crate) fn baddate() -> Vec<u8> {
    invite(URI, &["Date: Mon, 02 Feb 2026 09:00:00 CET"])
}

/// 3.1.2.13: a bare URI with headers in Contact.
pub(crate) fn regbadct() -> Vec<u8> {
    register(&["Contact: sip:ines@198.51.100.7?Subject=hi"])
}

/// 3.1.2.14: spaces inside angle brackets.
pub(crate) fn badaspec() -> Vec<u8> {
    options(URI, &["To: \"Omar, shop\" <  sip:omar@shop.example >"])
}

/// 3.1.2.15: a comma in a display name without quotes.
pub(crate) fn baddn() -> Vec<u8> {
    options(URI, &["From: Sales, Ines <sip:ines@office.example>;tag=c"])
}

/// 3.1.2.16: another version of the protocol.
pub(crate) fn badvers() -> Vec<u8> {
    draft("OPTIONS sip:omar@shop.example SIP/4.1", &["Via: SIP/4.1/UDP desk7.office.example;branch=z9hG4bKv"], "")
}

/// 3.1.2.17: CSeq names another method, both known.
pub(crate) fn mismatch01() -> Vec<u8> {
    options(URI, &["CSeq: 41 REGISTER"])
}

/// 3.1.2.18: CSeq names another method, the request's unknown.
pub(crate) fn mismatch02() -> Vec<u8> {
    draft("PAGE sip:omar@shop.example SIP/2.0", &["CSeq: 41 INVITE"], "")
}

/// 3.1.2.19: a status code beyond its range.
pub(crate) fn bigcode() -> Vec<u8> {
    reply("SIP/2.0 4294967496 one turn too far", &[])
}

/// 3.2.1: a branch that is the cookie alone.
pub(crate) fn badbranch() -> Vec<u8> {
    options(URI, &["Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK"])
}

/// 3.3.1: mandatory headers missing.
pub(crate) fn insuf() -> Vec<u8> {
    invite(URI, &["-From", "-To", "-Call-ID", "-Max-Forwards"])
}

/// 3.3.2: a scheme nobody knows.
pub(crate) fn unkscm() -> Vec<u8> {
    options("pneumatic:tube.7", &[])
}

/// 3.3.3: a scheme that is known, but not here.
pub(crate) fn novelsc() -> Vec<u8> {
    options("gopher+x.y://198.51.100.3:70", &[])
}

/// 3.3.4: other schemes in To, From and Contact.
pub(crate) fn unksm2() -> Vec<u8> {
    register(&["To: isan:0000-0000-9E59", "From: <https://office.example/ines>;tag=s", "Contact: <person:ines>"])
}

/// 3.3.5: extensions required that nobody has.
pub(crate) fn bext01() -> Vec<u8> {
    options(URI, &["Require: levitation, telepathy", "Proxy-Require: clairvoyance"])
}

/// 3.3.6: a body of a type nobody knows.
pub(crate) fn invut() -> Vec<u8> {
    draft(&format!("INVITE {URI} SIP/2.0"), &["Content-Type: application/x-smoke-signal"], "puff puff")
}

/// 3.3.7: an authorization scheme nobody knows.
pub(crate) fn regaut01() -> Vec<u8> {
    register(&["Authorization: SecretHandshake grip=firm"])
}

/// 3.3.8: headers twice that may stand there once.
pub(crate) fn multi01() -> Vec<u8> {
    invite(
        URI,
        &[
            "CSeq: 41 INVITE",
            "CSeq: 42 INVITE",
            "Call-ID: one",
            "Call-ID: two",
            "To: <sip:omar@shop.example>",
            "To: <sip:nils@shop.example>",
            "From: <sip:ines@office.example>;tag=1",
            "From: <sip:lena@office.example>;tag=2",
            "Max-Forwards: 9",
            "Max-Forwards: 8",
        ],
    )
}

/// 3.3.9: two lengths.
pub(crate) fn mcl01() -> Vec<u8> {
    draft(
        "OPTIONS sip:omar@shop.example SIP/2.0",
        &["Content-Length: 4", "Content-Length: 9", "Content-Type: application/sdp"],
        "Which of the two is it?",
    )
}

/// 3.3.10: a response that has a second hop to go, at a broadcast address.
pub(crate) fn bcast() -> Vec<u8> {
    reply(
        "SIP/2.0 200 OK",
        &["Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKb1", "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bKb2"],
    )
}

/// 3.3.11: no hops left.
pub(crate) fn zeromf() -> Vec<u8> {
    options(URI, &["Max-Forwards: 0"])
}

/// 3.3.12: an unknown parameter of a Contact.
pub(crate) fn cparam01() -> Vec<u8> {
    register(&["Contact: sip:ines@198.51.100.7;strange"])
}

/// 3.3.13: an unknown parameter of a URI in a Contact.
pub(crate) fn cparam02() -> Vec<u8> {
    register(&["Contact: <sip:ines@198.51.100.7;strange>"])
}

/// 3.3.14: a URI with headers in a Contact.
pub(crate) fn regescrt() -> Vec<u8> {
    register(&["M: <sip:ines@198.51.100.7?Route=%3Csip:edge.office.example%3E>"])
}

/// 3.3.15: an INVITE that accepts no session description.
pub(crate) fn sdp01() -> Vec<u8> {
    invite(URI, &["Accept: text/x-smoke-signal"])
}

/// 3.4.1: an INVITE of RFC 2543: no tag, no branch, no length, no Max-Forwards.
pub(crate) fn inv2543() -> Vec<u8> {
    let head = "INVITE sip:omar@shop.example SIP/2.0\r\n\
        Via: SIP/2.0/UDP old.office.example\r\n\
        From: <sip:+4930555001@office.example;user=phone>\r\n\
        To: sip:+4930555002@shop.example;user=phone\r\n\
        Record-Route: <sip:omar@shop.example;maddr=edge.shop.example>\r\n\
        Call-ID: old.1@office.example\r\n\
        CSeq: 8 INVITE\r\n\
        Content-Type: application/sdp\r\n\r\n";
    format!("{head}{SDP}").into_bytes()
}

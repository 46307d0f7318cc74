//! RFC 4475, section by section: what each message is read as.

use bytes::Bytes;
use offhook_sip::digest::{Algorithm, Authorization, Password, Verdict, Verifier};
use offhook_sip::message::{HeaderName, Method, Transport, Uri};

use crate::{accepted, dropped, messages, refused, request, taken};

messages! { "rfc4475", own_4475,
    wsinv "wsinv.dat": |bytes| {
        let request = accepted(bytes);
        let headers = request.headers();
        assert_eq!(headers.vias().count(), 3);
        let transports: Vec<_> = headers.vias().map(|via| via.unwrap().transport).collect();
        assert_eq!(transports, [Transport::Udp, Transport::Tcp, Transport::Udp]);
        assert!(headers.from().unwrap().tag().is_some());
        assert!(headers.to().unwrap().tag().is_some());
        assert!(headers.contact().unwrap().unwrap().params.value("q").is_some());
        assert_eq!(headers.cseq().unwrap().method, Method::Invite);
        assert!(headers.first(&HeaderName::Subject).unwrap().value().is_empty());
    };
    intmeth "intmeth.dat": |bytes| {
        let request = request(bytes.clone());
        assert!(request.headers().from().unwrap().tag().is_some());
        let to = request.headers().to().unwrap().display_name.unwrap();
        assert!(to.contains('\0') && !to.contains('\\'), "escaped characters are taken");
        assert!(request.uri().unwrap().sip().unwrap().user().unwrap().contains('?'));
        let response = refused(bytes, &[405, 501]);
        assert!(response.headers().contains(&HeaderName::Allow));
    };
    esc01 "esc01.dat": |bytes| {
        let request = accepted(bytes);
        let uri = request.uri().unwrap();
        let user = uri.sip().unwrap().user_decoded().unwrap().into_owned();
        assert!(user.starts_with(b"sips:") && user.contains(&b'@'));
        let contact = request.headers().contact().unwrap().unwrap();
        assert!(contact.uri.sip().unwrap().has_param("lr"), "an escaped name is the name");
        let from = request.headers().from().unwrap();
        let name = from.uri.sip().unwrap().user_decoded().unwrap().into_owned();
        assert!(name.contains(&b' '));
    };
    escnull "escnull.dat": |bytes| {
        let request = accepted(bytes);
        let users: Vec<Vec<u8>> = request
            .headers()
            .contacts()
            .map(|contact| match contact.unwrap().addr().unwrap().uri.sip() {
                Some(uri) => uri.user_decoded().unwrap().into_owned(),
                None => Vec::new(),
            })
            .collect();
        assert_eq!(users, [b"\0".to_vec(), b"\0\0".to_vec()]);
    };
    esc02 "esc02.dat": |bytes| {
        let request = request(bytes.clone());
        assert_ne!(*request.method(), Method::Register);
        assert_eq!(request.headers().contacts().count(), 2);
        assert!(request.headers().to().unwrap().display_name.unwrap().starts_with('%'));
        refused(bytes, &[405, 501]);
    };
    lwsdisp "lwsdisp.dat": |bytes| {
        let from = accepted(bytes).headers().from().unwrap();
        assert!(from.display_name.is_some() && from.tag().is_some());
    };
    longreq "longreq.dat": |bytes| {
        let request = accepted(bytes);
        assert_eq!(request.headers().vias().count(), 34);
        assert!(request.headers().from().unwrap().tag().unwrap().len() > 60);
    };
    dblreq "dblreq.dat": |bytes| {
        let request = accepted(bytes);
        assert_eq!(*request.method(), Method::Register);
        assert!(request.body().is_empty(), "the second request is dropped");
    };
    semiuri "semiuri.dat": |bytes| {
        let uri = accepted(bytes).uri().unwrap();
        let uri = uri.sip().unwrap();
        let user = uri.user_decoded().unwrap().into_owned();
        assert!(user.contains(&b';') && user.contains(&b'@'));
        assert!(!uri.has_param("par") && !uri.has_param("room"));
    };
    transports "transports.dat": |bytes| {
        let request = accepted(bytes);
        let reliable = request.headers().vias().filter(|via| {
            via.as_ref().unwrap().transport.is_reliable()
        });
        assert_eq!(reliable.count(), 4);
        assert!(request.headers().vias().any(|via| {
            matches!(via.unwrap().transport, Transport::Other(_))
        }));
    };
    mpart01 "mpart01.dat": |bytes| {
        let request = accepted(bytes);
        let kind = request.headers().content_type().unwrap().unwrap();
        let boundary = format!("\r\n--{}--", kind.params.value("boundary").unwrap());
        let body = request.body();
        let end = boundary.as_bytes();
        assert!(body.windows(end.len()).any(|part| part == end), "the body is whole");
    };
    unreason "unreason.dat": |bytes| {
        let response = taken(bytes);
        assert_eq!(response.status().code(), 200);
        assert!(response.reason().contains('=') && !response.reason().is_ascii());
    };
    noreason "noreason.dat": |bytes| {
        let response = taken(bytes);
        assert_eq!((response.status().code(), response.reason().as_str()), (100, ""));
    };
    badinv01 "badinv01.dat": |bytes| drop(refused(bytes, &[400]));
    clerr "clerr.dat": |bytes| drop(refused(bytes, &[400]));
    ncl "ncl.dat": |bytes| drop(refused(bytes, &[400]));
    scalar02 "scalar02.dat": |bytes| {
        let request = request(bytes.clone());
        assert_eq!(request.headers().expires(), Some(u32::MAX));
        refused(bytes, &[400]);
    };
    scalarlg "scalarlg.dat": dropped;
    quotbal "quotbal.dat": |bytes| drop(refused(bytes, &[400]));
    ltgtruri "ltgtruri.dat": |bytes| drop(refused(bytes, &[400]));
    lwsruri "lwsruri.dat": |bytes| drop(refused(bytes, &[400]));
    // 400 and forgiveness are both allowed for the next two; telephones are forgiven.
    lwsstart "lwsstart.dat": |bytes| assert!(accepted(bytes).uri().is_ok());
    trws "trws.dat": |bytes| assert_eq!(accepted(bytes).version(), b"SIP/2.0");
    escruri "escruri.dat": |bytes| drop(refused(bytes, &[400]));
    // A Date is of no use to us, so a bad one does no harm.
    baddate "baddate.dat": |bytes| drop(accepted(bytes));
    regbadct "regbadct.dat": |bytes| drop(refused(bytes, &[400]));
    badaspec "badaspec.dat": |bytes| {
        let to = accepted(bytes).headers().to().unwrap();
        assert!(!to.uri.to_string().contains(' '), "the spaces are forgiven and dropped");
    };
    // Forgiving this one means guessing where the name begins.
    baddn "baddn.dat": |bytes| drop(refused(bytes, &[400]));
    badvers "badvers.dat": |bytes| drop(refused(bytes, &[505]));
    mismatch01 "mismatch01.dat": |bytes| drop(refused(bytes, &[400]));
    mismatch02 "mismatch02.dat": |bytes| drop(refused(bytes, &[400, 501]));
    bigcode "bigcode.dat": dropped;
    badbranch "badbranch.dat": |bytes| {
        let via = accepted(bytes).headers().top_via().unwrap();
        assert!(!via.has_rfc3261_branch(), "matched as in RFC 2543");
    };
    insuf "insuf.dat": |bytes| drop(refused(bytes, &[400]));
    unkscm "unkscm.dat": |bytes| drop(refused(bytes, &[416]));
    novelsc "novelsc.dat": |bytes| drop(refused(bytes, &[416]));
    // Whether such a user can register is the registrar's to say; the message is well-formed.
    unksm2 "unksm2.dat": |bytes| {
        let request = accepted(bytes);
        assert!(matches!(request.headers().to().unwrap().uri, Uri::Other(_)));
        let contact = request.headers().contact().unwrap().unwrap();
        assert!(contact.uri.sip().is_none());
    };
    bext01 "bext01.dat": |bytes| {
        let response = refused(bytes, &[420]);
        assert_eq!(response.headers().list(&HeaderName::Unsupported).count(), 2);
    };
    invut "invut.dat": |bytes| {
        let response = refused(bytes, &[415]);
        assert!(response.headers().list(&HeaderName::Accept).any(|accepted| accepted == b"application/sdp"));
    };
    regaut01 "regaut01.dat": |bytes| {
        let request = accepted(bytes);
        let header = request.headers().first(&HeaderName::Authorization).unwrap();
        assert!(Authorization::parse(header.value()).is_none());
        let mut registrar = Verifier::new("realm", "nonce", Algorithm::Md5);
        let verdict = registrar.verify(&request, &Password::new("any"));
        assert_eq!(verdict, Verdict::Absent, "challenged as if it brought nothing");
    };
    multi01 "multi01.dat": |bytes| drop(refused(bytes, &[400]));
    mcl01 "mcl01.dat": |bytes| drop(refused(bytes, &[400]));
    bcast "bcast.dat": dropped;
    // The end of the path answers; only a proxy has to count.
    zeromf "zeromf.dat": |bytes| {
        assert_eq!(accepted(bytes).headers().max_forwards(), Ok(Some(0)));
    };
    cparam01 "cparam01.dat": |bytes| {
        let contact = contact(bytes);
        assert_eq!(contact.params.iter().count(), 1, "the parameter is the header's");
        assert!(!contact.uri.to_string().contains(';'));
    };
    cparam02 "cparam02.dat": |bytes| {
        let contact = contact(bytes);
        assert_eq!(contact.params.iter().count(), 0, "the parameter is the URI's");
        assert!(contact.uri.to_string().contains(';'));
    };
    regescrt "regescrt.dat": |bytes| {
        let contact = contact(bytes);
        assert!(contact.uri.sip().unwrap().headers().unwrap().starts_with("Route="));
    };
    sdp01 "sdp01.dat": |bytes| drop(refused(bytes, &[406]));
    inv2543 "inv2543.dat": |bytes| {
        let request = accepted(bytes);
        assert_eq!(request.headers().from().unwrap().tag(), None);
        assert_eq!(request.headers().top_via().unwrap().branch(), None);
        assert!(request.body().starts_with(b"v=0"), "the rest of the datagram is the body");
    };
}

fn contact(bytes: Bytes) -> offhook_sip::message::NameAddr {
    let request = accepted(bytes);
    request.headers().contact().unwrap().unwrap()
}

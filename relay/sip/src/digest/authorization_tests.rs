//! The worked examples of the RFCs, and what a server sees of a client's answer.

use super::*;

fn challenge(algorithm: Option<Algorithm>, qop: Option<Qop>) -> Challenge {
    Challenge {
        realm: "http-auth@example.org".to_owned(),
        nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v".to_owned(),
        opaque: Some("FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS".to_owned()),
        algorithm,
        qop,
        stale: false,
    }
}

/// A GET, since the examples are HTTP's.
fn answer(challenge: &Challenge, cnonce: &str) -> Authorization {
    let subject = Subject { method: &Method::Other("GET".into()), uri: "/dir/index.html", body: b"" };
    let credentials = Credentials::new("Mufasa", "Circle of Life");
    Authorization::answer(challenge, &credentials, subject, cnonce, 1)
}

const CNONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

#[test]
fn rfc_7616_section_3_9_1_with_md5_and_sha_256() {
    for (algorithm, response) in [
        (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
        (Algorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let challenge = challenge(Some(algorithm), Some(Qop::Auth));
        assert_eq!(answer(&challenge, CNONCE).response, response, "{algorithm}");
    }
}

/// What another implementation (Python's `hashlib`) makes of RFC 7616 section 3.4: the RFC's own example for SHA-512-256
/// was made with a truncated SHA-512 (erratum 4897), and there is none for sessions and bodies.
#[test]
fn every_algorithm_and_protection_as_another_implementation_computes_it() {
    let body = b"v=0\r\n";
    for (algorithm, qop, response) in [
        (Algorithm::Md5, Qop::Auth, "1d2cdefc0c1646c19d334293c818ac11"),
        (Algorithm::Md5, Qop::AuthInt, "aae2922a4464c000f30fe435fa256fca"),
        (Algorithm::Md5Sess, Qop::Auth, "013906245ab552f26983c4ba33b00cb6"),
        (Algorithm::Md5Sess, Qop::AuthInt, "4cd03526548b189714bcca722ac8d6cf"),
        (Algorithm::Sha256, Qop::Auth, "8752873e6effbbc2503c6051a2329ee6837b02db3508c11e18da44db7d4d95d9"),
        (Algorithm::Sha256, Qop::AuthInt, "675918ac8567299bd9007e1255eb71c5c43406ebd0140e21a54a185d6e57aec4"),
        (Algorithm::Sha256Sess, Qop::Auth, "c7cd5c2aac69baf96ddd67ef9f75f0d3bd15dbf7fb0ae53b270dff6aad993928"),
        (Algorithm::Sha256Sess, Qop::AuthInt, "014956f52f68143b5281dd5fceb0ed5ff4d144cdcaf8f0b156e79827112a0d28"),
        (Algorithm::Sha512_256, Qop::Auth, "f79a7e0b6005abbbae8814e5671b31ada356742a48024c9031ebed6a7e609494"),
        (Algorithm::Sha512_256, Qop::AuthInt, "cb15e3fa6eaace48fa4b52f1f64c5b0cd383a618a973baa1c4ea938a1cb65626"),
        (Algorithm::Sha512_256Sess, Qop::Auth, "e4e1992f26f8fa66a7b1d98d28f640e94652e3be2c4b69bb0d8c35874e44fee0"),
        (Algorithm::Sha512_256Sess, Qop::AuthInt, "90cbfa07b7998ddda6703acd48a649b5b190e5f1e902f045517064aca4a70b8f"),
    ] {
        let challenge = Challenge {
            realm: "sip.example.com".to_owned(),
            nonce: "n0nce".to_owned(),
            ..challenge(Some(algorithm), Some(qop))
        };
        let subject = Subject { method: &Method::Invite, uri: "sip:bob@example.com", body };
        let credentials = Credentials::new("alice", "secret");
        let answer = Authorization::answer(&challenge, &credentials, subject, "cn0nce", 1);
        assert_eq!(answer.response, response, "{algorithm} {}", qop.as_str());
    }
}

#[test]
fn rfc_2617_section_3_5() {
    let challenge = Challenge {
        realm: "testrealm@host.com".to_owned(),
        nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093".to_owned(),
        ..challenge(None, Some(Qop::Auth))
    };
    let subject = Subject { method: &Method::Other("GET".into()), uri: "/dir/index.html", body: b"" };
    let credentials = Credentials::new("Mufasa", "Circle Of Life");
    let answer = Authorization::answer(&challenge, &credentials, subject, "0a4f113b", 1);
    assert_eq!(answer.response, "6629fae49393a05397450978507c4ef1");
}

#[test]
fn without_qop_there_is_neither_count_nor_client_nonce() {
    let written = answer(&challenge(None, None), CNONCE).to_string();
    for absent in ["qop", "nc=", "cnonce", "algorithm"] {
        assert!(!written.contains(absent), "{written}");
    }
}

#[test]
fn every_combination_is_accepted_with_its_password_alone() {
    let method = Method::Other("GET".into());
    for algorithm in Algorithm::ALL {
        for qop in [None, Some(Qop::Auth), Some(Qop::AuthInt)] {
            let sent = answer(&challenge(Some(algorithm), qop), "c").to_string();
            let read = Authorization::parse(sent.as_bytes()).unwrap();
            let with = |password: &str, method: &Method, body: &[u8]| {
                read.is_made_with(&Password::new(password), method, body)
            };
            assert!(with("Circle of Life", &method, b""), "{algorithm} {qop:?}");
            assert!(!with("circle of life", &method, b""), "{algorithm} {qop:?}");
            assert!(!with("Circle of Life", &Method::Bye, b""), "{algorithm} {qop:?}");
            let body_counts = qop == Some(Qop::AuthInt);
            assert_eq!(with("Circle of Life", &method, b"x"), !body_counts);
        }
    }
}

#[test]
fn quotes_in_a_user_name_survive() {
    let subject = Subject { method: &Method::Register, uri: "sip:h", body: b"" };
    let credentials = Credentials::new(r#"a"b\c"#, "p");
    let challenge = challenge(None, Some(Qop::Auth));
    let sent = Authorization::answer(&challenge, &credentials, subject, "c", 1).to_string();
    let read = Authorization::parse(sent.as_bytes()).unwrap();
    assert_eq!(read.username, credentials.username);
    assert!(read.is_made_with(&credentials.password, &Method::Register, b""));
}

#[test]
fn neither_nonce_nor_response_is_shown() {
    let answer = answer(&challenge(None, Some(Qop::Auth)), CNONCE);
    let shown = format!("{answer:?}");
    assert!(!shown.contains(&answer.response) && !shown.contains("7ypf"), "{shown}");
}

#[test]
fn an_incomplete_answer_is_none() {
    assert!(Authorization::parse(b"Digest username=a, realm=b, nonce=c, uri=d").is_none());
    assert!(Authorization::parse(b"Basic YTpi").is_none());
    let no_count = b"Digest username=a, realm=b, nonce=c, uri=d, response=e, qop=auth, cnonce=f";
    assert!(Authorization::parse(no_count).is_none());
}

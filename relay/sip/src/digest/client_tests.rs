//! A client before a registrar that challenges it in various ways.

use bytes::Bytes;

use super::*;
use crate::digest::{Algorithm, Password, Qop};
use crate::message::{Limits, Message, Method};

fn request() -> Request {
    let text = "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\r\n";
    match Message::parse_datagram(Bytes::from(text), &Limits::default()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn challenge(nonce: &str, rest: &str) -> String {
    format!("WWW-Authenticate: Digest realm=\"r\", nonce=\"{nonce}\"{rest}\r\n")
}

fn response(status: u16, lines: &str) -> Response {
    let text = format!("SIP/2.0 {status} No\r\n{lines}\r\n");
    match Message::parse_datagram(Bytes::from(text), &Limits::default()) {
        Ok(Message::Response(response)) => response,
        other => panic!("{other:?}"),
    }
}

fn client() -> Client {
    Client::new(Credentials::new("alice", "secret"))
}

/// What the client would send, read as the server reads it.
fn answers(client: &mut Client) -> Vec<Authorization> {
    let mut request = request();
    client.authorize(&mut request, "cn").unwrap();
    request
        .headers()
        .iter()
        .filter_map(|header| Authorization::parse(header.value()))
        .inspect(|answer| {
            assert!(answer.is_made_with(&Password::new("secret"), &Method::Register, b""));
        })
        .collect()
}

#[test]
fn before_a_challenge_nothing_is_sent() {
    assert!(answers(&mut client()).is_empty());
}

#[test]
fn an_answer_names_the_request_uri_and_counts() {
    let mut client = client();
    let refusal = response(401, &challenge("n", ", qop=\"auth,auth-int\", opaque=\"o\""));
    client.challenged(&refusal).unwrap();
    let first = answers(&mut client).remove(0);
    assert_eq!(first.uri, "sip:example.com");
    assert_eq!(first.opaque.as_deref(), Some("o"));
    let protection = first.protection.unwrap();
    assert_eq!((protection.qop, protection.nonce_count), (Qop::AuthInt, 1));
    let second = answers(&mut client).remove(0);
    assert_eq!(second.protection.unwrap().nonce_count, 2);
}

#[test]
fn the_strongest_algorithm_is_chosen() {
    let mut client = client();
    let lines = [
        challenge("1", ", algorithm=MD5"),
        challenge("2", ", algorithm=SHA-256, qop=\"auth\""),
        challenge("3", ", algorithm=UNHEARD-OF"),
        "WWW-Authenticate: Basic realm=\"r\"\r\n".to_owned(),
    ];
    client.challenged(&response(401, &lines.concat())).unwrap();
    let answer = answers(&mut client).remove(0);
    assert_eq!(answer.algorithm, Some(Algorithm::Sha256));
    assert_eq!(answer.nonce, "2");
}

#[test]
fn the_same_credentials_refused_again_are_rejected() {
    let mut client = client();
    client.challenged(&response(401, &challenge("1", ""))).unwrap();
    answers(&mut client);
    assert_eq!(client.challenged(&response(401, &challenge("2", ""))), Err(DigestError::Rejected));
}

#[test]
fn a_stale_nonce_is_no_refusal_but_not_for_ever() {
    let mut client = client();
    client.challenged(&response(401, &challenge("0", ""))).unwrap();
    answers(&mut client);
    for nonce in ["1", "2", "3"] {
        let stale = response(401, &challenge(nonce, ", stale=TRUE"));
        client.challenged(&stale).unwrap();
        assert_eq!(answers(&mut client).remove(0).nonce, nonce);
    }
    assert_eq!(client.challenged(&response(401, &challenge("4", ", stale=true"))), Err(DigestError::Rejected));
}

#[test]
fn a_server_with_a_new_realm_each_time_is_not_answered_for_ever() {
    let mut client = client();
    let mut challenged = |realm: u32| {
        let line = format!("WWW-Authenticate: Digest realm=\"{realm}\", nonce=\"n\"\r\n");
        let taken = client.challenged(&response(401, &line));
        answers(&mut client);
        taken
    };
    let taken = (0..100).take_while(|realm| challenged(*realm).is_ok()).count();
    assert_eq!(taken, 8);
    client.accepted();
    assert_eq!(client.challenged(&response(401, &challenge("1", ""))), Ok(()), "a new request begins anew");
}

#[test]
fn a_nonce_that_ran_out_is_replaced_even_without_stale() {
    let mut client = client();
    client.challenged(&response(401, &challenge("1", ""))).unwrap();
    answers(&mut client);
    client.accepted();
    client.challenged(&response(401, &challenge("2", ""))).unwrap();
    assert_eq!(answers(&mut client).remove(0).nonce, "2");
    assert_eq!(client.challenged(&response(401, &challenge("3", ""))), Err(DigestError::Rejected));
}

#[test]
fn proxy_and_server_are_answered_side_by_side() {
    let mut client = client();
    let proxy = "Proxy-Authenticate: Digest realm=\"p\", nonce=\"1\"\r\n";
    client.challenged(&response(407, proxy)).unwrap();
    answers(&mut client);
    client.challenged(&response(401, &challenge("2", ""))).unwrap();
    let mut request = request();
    client.authorize(&mut request, "cn").unwrap();
    client.authorize(&mut request, "cn").unwrap();
    let count = |name| request.headers().all(&name).count();
    assert_eq!(count(HeaderName::Authorization), 1);
    assert_eq!(count(HeaderName::ProxyAuthorization), 1);
}

#[test]
fn a_session_keeps_its_client_nonce() {
    let mut client = client();
    let lines = challenge("1", ", algorithm=MD5-sess, qop=auth");
    client.challenged(&response(401, &lines)).unwrap();
    let mut request = request();
    for cnonce in ["first", "second"] {
        client.authorize(&mut request, cnonce).unwrap();
        let header = request.headers().first(&HeaderName::Authorization).unwrap();
        let answer = Authorization::parse(header.value()).unwrap();
        assert_eq!(answer.protection.unwrap().cnonce, "first");
    }
}

#[test]
fn nothing_to_answer_is_told() {
    let basic = response(401, "WWW-Authenticate: Basic realm=\"r\"\r\n");
    assert_eq!(client().challenged(&basic), Err(DigestError::Unsupported));
    assert_eq!(
        client().challenged(&response(407, &challenge("1", ""))),
        Err(DigestError::Unsupported),
        "a 407 with the header of a 401"
    );
}

#[test]
fn a_user_name_cannot_begin_a_header() {
    let mut client = Client::new(Credentials::new("a\r\nRoute: <sip:evil>", "p"));
    client.challenged(&response(401, &challenge("1", ""))).unwrap();
    assert!(matches!(client.authorize(&mut request(), "cn"), Err(DigestError::Unsendable(_))));
}

fn invite(body: &'static str) -> Request {
    let head = "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n";
    let text = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    match Message::parse_datagram(Bytes::from(text), &Limits::default()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

/// The answer that this request would carry, and whether the server finds it right for this body.
fn answer_to(client: &mut Client, mut request: Request, arrives: &[u8]) -> (Qop, bool) {
    client.authorize(&mut request, "cn").unwrap();
    let header = request.headers().first(&HeaderName::Authorization).unwrap();
    let answer = Authorization::parse(header.value()).unwrap();
    let right = answer.is_made_with(&Password::new("secret"), &Method::Invite, arrives);
    (answer.protection.unwrap().qop, right)
}

#[test]
fn the_body_is_covered_where_the_server_offers_that() {
    let mut client = client();
    client.challenged(&response(401, &challenge("1", ", qop=\"auth,auth-int\""))).unwrap();
    assert_eq!(answer_to(&mut client, invite("v=0"), b"v=0"), (Qop::AuthInt, true));
    assert_eq!(answer_to(&mut client, invite("v=0"), b"v=1"), (Qop::AuthInt, false));
}

#[test]
fn a_body_that_a_gateway_changes_is_no_wrong_password_unless_the_server_insists_on_it() {
    for (offers, taken) in [("\"auth-int,auth\"", Ok(())), ("auth-int", Err(DigestError::Rejected))] {
        let mut client = client();
        client.challenged(&response(401, &challenge("1", &format!(", qop={offers}")))).unwrap();
        assert_eq!(answer_to(&mut client, invite("v=0"), b"v=1"), (Qop::AuthInt, false));
        assert_eq!(client.challenged(&response(401, &challenge("2", &format!(", qop={offers}")))), taken, "{offers}");
        if taken.is_ok() {
            assert_eq!(answer_to(&mut client, invite("v=0"), b"v=1"), (Qop::Auth, true));
            let again = client.challenged(&response(401, &challenge("3", &format!(", qop={offers}"))));
            assert_eq!(again, Err(DigestError::Rejected), "the password is wrong");
        }
    }
}

#[test]
fn a_request_without_a_body_gets_no_second_try() {
    let mut client = client();
    client.challenged(&response(401, &challenge("1", ", qop=\"auth,auth-int\""))).unwrap();
    answers(&mut client);
    let again = client.challenged(&response(401, &challenge("2", ", qop=\"auth,auth-int\"")));
    assert_eq!(again, Err(DigestError::Rejected));
}

#[test]
fn the_strongest_challenge_wins_in_whatever_order_and_header_they_come() {
    let lines = |order: [&str; 3]| {
        let all = order
            .map(|algorithm| format!("Digest realm=\"r\", nonce=\"{algorithm}\", algorithm={algorithm}, qop=\"auth\""));
        [
            format!("WWW-Authenticate: {}\r\n", all.join(", ")),
            all.map(|one| format!("WWW-Authenticate: {one}\r\n")).concat(),
        ]
    };
    for order in [["MD5", "SHA-256", "SHA-512-256"], ["SHA-512-256", "MD5", "SHA-256"]] {
        for lines in lines(order) {
            let mut client = client();
            client.challenged(&response(401, &lines)).unwrap();
            let answers = answers(&mut client);
            assert_eq!(answers.len(), 1, "one answer for one realm");
            assert_eq!((answers[0].algorithm, answers[0].nonce.as_str()), (Some(Algorithm::Sha512_256), "SHA-512-256"));
        }
    }
}

#[test]
fn the_next_nonce_is_used_without_another_challenge() {
    let mut client = client();
    client.challenged(&response(401, &challenge("1", ", qop=auth"))).unwrap();
    answers(&mut client);
    client.accepted();
    client.next_nonce(&response(200, "Authentication-Info: qop=auth, nextnonce=\"2\", nc=00000001\r\n"));
    let answer = answers(&mut client).remove(0);
    assert_eq!((answer.nonce.as_str(), answer.protection.unwrap().nonce_count), ("2", 1));
}

#[test]
fn a_next_nonce_that_could_be_anybodys_is_left_alone() {
    let mut client = client();
    let two = [challenge("1", ""), "WWW-Authenticate: Digest realm=\"other\", nonce=\"1\"\r\n".to_owned()].concat();
    client.challenged(&response(401, &two)).unwrap();
    for info in ["Authentication-Info: nextnonce=\"2\"\r\n", "Proxy-Authentication-Info: nextnonce=\"2\"\r\n"] {
        client.next_nonce(&response(200, info));
        assert!(answers(&mut client).iter().all(|answer| answer.nonce == "1"), "{info}");
    }
}

#[test]
fn a_session_goes_on_with_the_nonce_its_key_holds() {
    let mut client = client();
    client.challenged(&response(401, &challenge("1", ", algorithm=SHA-256-sess, qop=auth"))).unwrap();
    answers(&mut client);
    client.next_nonce(&response(200, "Authentication-Info: nextnonce=\"2\"\r\n"));
    let answer = answers(&mut client).remove(0);
    assert_eq!((answer.nonce.as_str(), answer.protection.unwrap().nonce_count), ("1", 2));
}

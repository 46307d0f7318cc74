//! Hops as they are read, written and completed by a server.

use super::*;

fn via(text: &str) -> Via {
    Via::parse(text.as_bytes()).unwrap()
}

#[test]
fn spaces_and_folds_are_allowed_around_everything() {
    let hop = via("SIP  / 2.0\r\n /UDP\r\n    192.0.2.2 : 5070 ;\r\n branch  =  z9hG4bK1 ");
    assert_eq!(hop.to_string(), "SIP/2.0/UDP 192.0.2.2:5070;branch=z9hG4bK1");
}

#[test]
fn transports_without_a_name_here_are_kept() {
    let hop = via("SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKa");
    assert_eq!(hop.transport, Transport::Other("UNKNOWN".to_owned()));
    assert!(hop.transport.is_reliable());
    assert_eq!(via("SIP/2.0/udp h").transport, Transport::Udp);
}

#[test]
fn received_is_read_with_and_without_brackets() {
    let address = Some("2001:db8::9:255".parse().unwrap());
    assert_eq!(via("SIP/2.0/UDP h;received=2001:db8::9:255").received(), address);
    assert_eq!(via("SIP/2.0/UDP h;received=[2001:db8::9:255]").received(), address);
    assert_eq!(via("SIP/2.0/UDP h;received=nonsense").received(), None);
}

#[test]
fn a_bare_cookie_is_no_branch_of_rfc_3261() {
    assert!(via("SIP/2.0/UDP h;branch=z9hG4bK1").has_rfc3261_branch());
    assert!(!via("SIP/2.0/UDP h;branch=z9hG4bK").has_rfc3261_branch());
    assert!(!via("SIP/2.0/UDP h;branch=1").has_rfc3261_branch());
    assert!(!via("SIP/2.0/UDP h").has_rfc3261_branch());
}

#[test]
fn the_source_is_noted_where_it_is_wanted_or_differs() {
    let source = "192.0.2.7:4000".parse().unwrap();
    let noted = |text: &str| {
        let mut hop = via(text);
        hop.note_source(source);
        hop.params.to_string()
    };
    assert_eq!(noted("SIP/2.0/UDP 192.0.2.7:5060;branch=z"), ";branch=z");
    assert_eq!(noted("SIP/2.0/UDP h"), ";received=192.0.2.7");
    assert_eq!(noted("SIP/2.0/UDP 192.0.2.7;rport;branch=z"), ";rport=4000;branch=z;received=192.0.2.7");
}

#[test]
fn half_a_hop_is_refused() {
    for text in ["", ";", "SIP/2.0/UDP", "SIP/2.0 h", "SIP/2.0/UDP h;;a", "SIP/2.0/UDP 2001:db8::1", "SIP/2.0/U DP h"] {
        assert!(Via::parse(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn a_branch_of_our_own_is_a_token() {
    let sent_by: HostPort = "h:5060".parse().unwrap();
    assert!(Via::new(Transport::Udp, sent_by.clone(), "z9hG4bK;x").is_err());
    let hop = Via::new(Transport::Wss, sent_by, "z9hG4bKx").unwrap();
    assert_eq!(hop.to_string(), "SIP/2.0/WSS h:5060;branch=z9hG4bKx");
    assert_eq!(Via::parse(hop.to_string().as_bytes()), Ok(hop));
}

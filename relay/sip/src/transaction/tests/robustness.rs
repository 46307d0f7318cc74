//! Any messages in any order at any time: no panic, and in the end nothing is left over.

use proptest::prelude::*;

use super::harness::*;
use crate::transaction::TransactionId;

#[derive(Debug, Clone)]
enum Step {
    Send(&'static str, u8),
    Cancel,
    Reply(&'static str, u8, u16),
    Receive(&'static str, u8),
    Respond(u16),
    Break,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let method = prop_oneof![Just("INVITE"), Just("OPTIONS"), Just("BYE"), Just("CANCEL"), Just("ACK")];
    let code = prop_oneof![Just(100), Just(180), Just(200), Just(404), Just(487), Just(603)];
    prop_oneof![
        (method.clone(), 0..3_u8).prop_map(|(method, branch)| Step::Send(method, branch)),
        Just(Step::Cancel),
        (method.clone(), 0..3_u8, code.clone()).prop_map(|(method, branch, code)| Step::Reply(method, branch, code)),
        (method, 0..3_u8).prop_map(|(method, branch)| Step::Receive(method, branch)),
        code.prop_map(Step::Respond),
        Just(Step::Break),
        (0..40_000_u64).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_transaction_ends_once(reliable: bool, steps in proptest::collection::vec(step(), 0..40)) {
        let mut harness = Harness::new();
        let far = if reliable { tcp_peer() } else { peer() };
        let mut last = None;
        let (mut begun, mut ended) = (0, 0);
        for step in steps {
            let branch = |number: u8| format!("z9hG4bK{number}");
            match step {
                Step::Send(method, number) => {
                    let request = parse_request(&request(method, &branch(number)));
                    if let Ok(id) = harness.layer.send_request(request, far.clone(), harness.now) {
                        last = Some(id);
                        begun += 1;
                    }
                }
                Step::Cancel => drop(last.map(|id| harness.layer.cancel(id, harness.now))),
                Step::Reply(method, number, code) => {
                    harness.receive_reply(&request(method, &branch(number)), code);
                }
                Step::Receive(method, number) => harness.receive(&request(method, &branch(number)), far.clone()),
                Step::Respond(code) => {
                    if harness.server.is_some() {
                        let _ = harness.respond(code);
                    }
                }
                Step::Break => {
                    if let Some(id) = last {
                        harness.layer.transport_error(TransactionId::Client(id), harness.now);
                    }
                }
                Step::Wait(milliseconds) => {
                    for (_, line) in harness.run(ms(milliseconds)) {
                        begun += u32::from(line.starts_with("Request"));
                        ended += u32::from(line.starts_with("Terminated"));
                    }
                }
            }
            for line in harness.lines() {
                begun += u32::from(line.starts_with("Request"));
                ended += u32::from(line.starts_with("Terminated"));
            }
        }
        // What still rings then waits for its user: no timer of the RFC ends it.
        let _ = last.map(|id| harness.layer.cancel(id, harness.now));
        ended += settle(&mut harness);
        let ringing = u32::try_from(harness.layer.len()).unwrap();
        prop_assert_eq!(begun, ended + ringing);
    }
}

/// Lets everything time out; what is left rings.
fn settle(harness: &mut Harness) -> u32 {
    let trace = harness.run(seconds(200));
    assert!(harness.layer.poll_timeout().is_none());
    trace.iter().map(|(_, line)| u32::from(line.starts_with("Terminated"))).sum()
}

//! One call at a time, on a clock that the test moves.

mod attaching;
mod ending;
mod offering;
mod offline;
mod recovering;

use super::*;
use offhook_protocol::ErrorCode;
use offhook_protocol::TransferStatus;
use offhook_protocol::error::Failure as RelayFailure;
use offhook_protocol::event::{CallSdp, CallStatusChanged, PartyChanged, SdpKind, Transfer};

const OFFER: &str = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n";

/// A call and everything it has put out.
struct Bench {
    call: Call,
    now: Millis,
    out: Vec<Output>,
}

impl Bench {
    fn outgoing() -> Self {
        let dial = Dial { callee: "echo".into(), ..Dial::default() };
        Self::with(Call::outgoing("c".into(), dial))
    }

    fn incoming() -> Self {
        let invitation = IncomingCall {
            call_id: "c".into(),
            caller: "alice".into(),
            callee: "bob".into(),
            sdp: OFFER.into(),
            ..IncomingCall::default()
        };
        Self::with(Call::incoming(invitation, 1_000))
    }

    fn with(call: Call) -> Self {
        let mut bench = Self { call, now: 1_000, out: Vec::new() };
        bench.drain();
        bench
    }

    /// An outgoing call whose offer is with the relay.
    fn asked() -> Self {
        let mut bench = Self::outgoing();
        bench.command(Command::Call);
        bench.media(MediaEvent::Opened);
        bench.media(MediaEvent::Described { sdp: OFFER.into() });
        bench
    }

    /// An outgoing call that is answered and can be heard.
    fn connected() -> Self {
        let mut bench = Self::asked();
        bench.answer_sdp();
        bench.media(MediaEvent::Applied);
        bench.status(CallStatus::Established);
        bench.media(MediaEvent::Connected);
        bench.out.clear();
        bench
    }

    fn drain(&mut self) {
        while let Some(output) = self.call.poll() {
            self.out.push(output);
        }
    }

    fn command(&mut self, command: Command) {
        self.call.command(command, self.now).unwrap();
        self.drain();
    }

    fn handle(&mut self, input: Input) {
        self.call.handle(input, self.now);
        self.drain();
    }

    fn media(&mut self, event: MediaEvent) {
        self.handle(Input::Media(event));
    }

    fn status(&mut self, status: CallStatus) {
        let changed = CallStatusChanged::new("c", status);
        self.handle(Input::Status(changed));
    }

    fn sdp(&mut self, kind: SdpKind) {
        self.handle(Input::Sdp(CallSdp { call_id: "c".into(), kind, sdp: OFFER.into() }));
    }

    fn answer_sdp(&mut self) {
        self.sdp(SdpKind::Answer);
    }

    /// Moves the clock to the next deadline.
    fn wait(&mut self) {
        self.now = self.call.deadline().expect("a call that waits has a deadline");
        self.handle(Input::Tick);
    }

    fn reported(&self) -> Vec<CallStatus> {
        self.out
            .iter()
            .filter_map(|output| match output {
                Output::Emit(Report::Status(report)) => Some(report.status),
                _ => None,
            })
            .collect()
    }

    fn end(&self) -> &StatusReport {
        let Some(Output::Emit(Report::Status(report))) = self.out.last() else { panic!("no end: {:?}", self.out) };
        assert!(report.status.is_terminal());
        report
    }

    fn sent(&self, name: &str) -> usize {
        self.out.iter().filter(|output| matches!(output, Output::Send(body) if sent_name(body) == name)).count()
    }

    fn did(&self, action: &str) -> usize {
        self.out.iter().filter(|out| matches!(out, Output::Media(done) if format!("{done:?}") == action)).count()
    }
}

fn sent_name(body: &RequestBody) -> &'static str {
    match body {
        RequestBody::Call(_) => "call",
        RequestBody::Ring(_) => "ring",
        RequestBody::Answer(_) => "answer",
        RequestBody::Hangup(_) => "hangup",
        RequestBody::Sdp(_) => "sdp",
        RequestBody::Dtmf(_) => "dtmf",
        RequestBody::Hold(_) => "hold",
        RequestBody::Unhold(_) => "unhold",
        RequestBody::Offer(_) => "offer",
        RequestBody::Transfer(_) => "transfer",
        _ => "other",
    }
}

fn keys(digits: &str) -> Command {
    Command::Dtmf(crate::dial::digits(digits, "RFC2833").unwrap())
}

fn refused(code: ErrorCode) -> Failure {
    RelayFailure::new(code, "no").into()
}

fn media_failure() -> MediaEvent {
    MediaEvent::Failed(Failure::new(Code::MicrophoneDenied, "no"))
}

#[test]
fn a_call_goes_from_new_through_pending_to_established_and_finish() {
    let mut bench = Bench::outgoing();
    assert_eq!(bench.call.status().name(), "NEW");
    bench.command(Command::Call);
    assert_eq!(bench.call.status().name(), "PENDING");
    bench.media(MediaEvent::Opened);
    bench.media(MediaEvent::Described { sdp: OFFER.into() });
    for status in [CallStatus::Trying, CallStatus::Ring, CallStatus::Established] {
        bench.status(status);
        assert_eq!(bench.call.status().name(), status.name());
    }
    bench.status(CallStatus::Finish);
    assert_eq!(bench.reported(), [CallStatus::Trying, CallStatus::Ring, CallStatus::Established, CallStatus::Finish]);
}

#[test]
fn pending_is_not_reported() {
    let mut bench = Bench::outgoing();
    bench.command(Command::Call);
    assert!(bench.reported().is_empty());
}

#[test]
fn the_offer_is_sent_as_soon_as_it_is_made() {
    let bench = Bench::asked();
    assert_eq!(bench.sent("call"), 1);
}

#[test]
fn an_incoming_call_rings_when_the_relay_has_heard_of_it() {
    let mut bench = Bench::incoming();
    assert_eq!(bench.sent("ring"), 1);
    assert_eq!(bench.call.status().name(), "NEW");
    bench.handle(Input::Replied(Ask::Ring, Ok(())));
    bench.status(CallStatus::Ring);
    assert_eq!(bench.reported(), [CallStatus::Ring]);
}

#[test]
fn answering_describes_our_media_against_the_callers_offer() {
    let mut bench = Bench::incoming();
    bench.command(Command::Answer(Answer::default()));
    assert_eq!(bench.call.status().name(), "PENDING");
    bench.media(MediaEvent::Opened);
    assert_eq!(bench.did("Answer"), 1);
    bench.media(MediaEvent::Described { sdp: OFFER.into() });
    assert_eq!(bench.sent("answer"), 1);
    bench.status(CallStatus::Established);
    assert_eq!(bench.reported(), [CallStatus::Established]);
}

#[test]
fn video_is_not_opened_for_a_caller_who_offers_none() {
    let mut bench = Bench::incoming();
    bench.command(Command::Answer(Answer {
        media: Media { send_video: true, receive_video: true, ..Media::default() },
        ..Answer::default()
    }));
    assert!(bench.out.contains(&Output::Media(MediaAction::Open(Media::default()))));
}

#[test]
fn a_refused_microphone_fails_the_call_and_nothing_was_ever_sent() {
    let mut bench = Bench::outgoing();
    bench.command(Command::Call);
    bench.media(media_failure());
    assert_eq!(bench.end().error.as_ref().unwrap().code, Code::MicrophoneDenied);
    assert_eq!(bench.end().info.as_deref(), Some("Local error"));
    assert_eq!(bench.sent("hangup"), 0);
    assert_eq!(bench.did("Release"), 1);
}

#[test]
fn a_refused_microphone_declines_the_caller() {
    let mut bench = Bench::incoming();
    bench.command(Command::Answer(Answer::default()));
    bench.media(media_failure());
    assert_eq!(bench.end().status, CallStatus::Failed);
    assert_eq!(bench.sent("hangup"), 1);
}

#[test]
fn early_media_is_applied_before_the_answer() {
    let mut bench = Bench::asked();
    bench.answer_sdp();
    assert_eq!(bench.did("Apply"), 1);
    bench.media(MediaEvent::Applied);
    bench.status(CallStatus::RingMedia);
    bench.status(CallStatus::Established);
    assert_eq!(bench.did("Apply"), 1);
}

#[test]
fn a_second_answer_to_the_same_offer_is_dropped() {
    let mut bench = Bench::asked();
    bench.answer_sdp();
    bench.media(MediaEvent::Applied);
    bench.answer_sdp();
    assert_eq!(bench.did("Apply"), 1);
}

#[test]
fn a_new_offer_in_a_call_is_answered() {
    let mut bench = Bench::connected();
    bench.sdp(SdpKind::Offer);
    assert_eq!(bench.did("Answer"), 1);
    bench.media(MediaEvent::Described { sdp: OFFER.into() });
    assert_eq!(bench.sent("sdp"), 1);
}

#[test]
fn offers_that_come_while_the_browser_is_busy_wait_and_only_the_latest_counts() {
    let mut bench = Bench::connected();
    for _ in 0..3 {
        bench.sdp(SdpKind::Offer);
    }
    assert_eq!(bench.did("Answer"), 1);
    bench.media(MediaEvent::Described { sdp: OFFER.into() });
    assert_eq!(bench.did("Answer"), 2);
    bench.media(MediaEvent::Described { sdp: OFFER.into() });
    assert_eq!((bench.did("Answer"), bench.sent("sdp")), (2, 2));
}

#[test]
fn an_offer_waits_for_the_answer_to_ours() {
    let mut bench = Bench::asked();
    bench.sdp(SdpKind::Offer);
    assert_eq!(bench.did("Answer"), 0);
    bench.answer_sdp();
    bench.media(MediaEvent::Applied);
    assert_eq!(bench.did("Answer"), 1);
}

#[test]
fn a_description_the_browser_cannot_use_fails_the_call_on_both_sides() {
    let mut bench = Bench::asked();
    bench.answer_sdp();
    bench.media(MediaEvent::Failed(Failure::new(Code::MediaFailed, "no")));
    assert_eq!(bench.end().info.as_deref(), Some("Failed by ICE error"));
    assert_eq!((bench.sent("hangup"), bench.did("Release")), (1, 1));
}

#[test]
fn a_browser_that_never_finishes_a_negotiation_fails_the_call() {
    let mut bench = Bench::connected();
    bench.sdp(SdpKind::Offer);
    bench.wait();
    assert_eq!(bench.end().error.as_ref().unwrap().code, Code::MediaFailed);
}

#[test]
fn transfers_name_one_target_and_their_news_reach_the_app() {
    let mut bench = Bench::connected();
    bench.command(Command::Hold { for_transfer: true });
    bench.command(Command::Transfer(Target::User("carol".into())));
    bench.command(Command::Transfer(Target::Call("d".into())));
    let asked = |target: Option<&str>, with_call: Option<&str>| {
        Output::Send(RequestBody::Transfer(TransferCall {
            call_id: "c".into(),
            target: target.map(str::to_owned),
            with_call: with_call.map(str::to_owned),
        }))
    };
    let hold = Output::Send(RequestBody::Hold(HoldCall { call_id: "c".into(), for_transfer: true }));
    assert_eq!(bench.out, [hold, asked(Some("carol"), None), asked(None, Some("d"))]);
    let news = Transfer {
        call_id: "c".into(),
        status: TransferStatus::Ring,
        target: "carol".into(),
        sip_status: None,
        sip_reason: None,
        error: None,
    };
    bench.handle(Input::Transfer(news.clone()));
    assert_eq!(bench.out.last(), Some(&Output::Emit(Report::Transfer(news))));
}

#[test]
fn a_refused_transfer_is_a_warning_and_the_call_goes_on() {
    let mut bench = Bench::connected();
    bench.command(Command::Transfer(Target::User("carol".into())));
    bench.handle(Input::Replied(Ask::Feature, Err(refused(ErrorCode::InvalidField))));
    assert!(bench.call.status().is_connected());
}

#[test]
fn another_far_end_is_made_known() {
    let mut bench = Bench::connected();
    let party = PartyChanged { call_id: "c".into(), user: "carol".into(), display_name: None };
    bench.handle(Input::Party(party.clone()));
    assert_eq!(bench.out, [Output::Emit(Report::Party(party))]);
}

#[test]
fn early_statuses_do_not_come_back_after_the_answer() {
    let mut bench = Bench::connected();
    for status in [CallStatus::Trying, CallStatus::Ring, CallStatus::RingMedia, CallStatus::SessionProgress] {
        bench.status(status);
    }
    assert!(bench.reported().is_empty());
}

#[test]
fn trying_does_not_come_back_after_ringing() {
    let mut bench = Bench::asked();
    bench.status(CallStatus::Ring);
    bench.status(CallStatus::Trying);
    assert_eq!(bench.reported(), [CallStatus::Ring]);
}

#[test]
fn hold_and_resume_follow_the_relay() {
    let mut bench = Bench::connected();
    bench.command(Command::Hold { for_transfer: false });
    assert!(bench.reported().is_empty());
    bench.status(CallStatus::Hold);
    bench.command(Command::Unhold);
    bench.status(CallStatus::Established);
    assert_eq!(bench.reported(), [CallStatus::Hold, CallStatus::Established]);
    assert_eq!((bench.sent("hold"), bench.sent("unhold")), (1, 1));
}

#[test]
fn a_refused_hold_is_a_warning_and_the_call_goes_on() {
    let mut bench = Bench::connected();
    bench.command(Command::Hold { for_transfer: false });
    bench.handle(Input::Replied(Ask::Feature, Err(refused(ErrorCode::Rejected))));
    assert!(bench.out.contains(&Output::Emit(Report::Warning(refused(ErrorCode::Rejected)))));
    assert!(bench.call.status().is_connected());
}

#[test]
fn what_did_not_work_at_the_far_end_is_a_warning_and_the_call_goes_on() {
    let mut bench = Bench::connected();
    let error = offhook_protocol::Failure::new(ErrorCode::Rejected, "refused");
    let changed = CallStatusChanged::new("c", CallStatus::Established);
    bench.handle(Input::Status(CallStatusChanged { error: Some(error.clone()), ..changed }));
    assert_eq!(bench.out, [Output::Emit(Report::Warning(error.into()))]);
    assert!(bench.call.status().is_connected());
}

#[test]
fn commands_out_of_place_are_refused_and_change_nothing() {
    let mut bench = Bench::outgoing();
    for command in
        [Command::Answer(Answer::default()), Command::Hold { for_transfer: false }, Command::Unhold, keys("1")]
    {
        assert_eq!(bench.call.command(command, 0), Err(Failure::call_state()));
    }
    bench.command(Command::Call);
    assert_eq!(bench.call.command(Command::Call, 0), Err(Failure::call_state()));
    assert_eq!(bench.did("Open"), 1);
}

#[test]
fn an_incoming_call_cannot_be_placed() {
    let mut bench = Bench::incoming();
    assert!(bench.call.command(Command::Call, 0).is_err());
}

#[test]
fn digits_are_sent_once_the_call_is_answered_and_not_before() {
    let mut bench = Bench::asked();
    bench.status(CallStatus::RingMedia);
    assert_eq!(bench.call.command(keys("12#"), 0), Err(Failure::call_state()));
    bench.status(CallStatus::Established);
    bench.command(keys("12#"));
    assert_eq!(bench.sent("dtmf"), 1);
}

#[test]
fn sound_that_was_there_before_the_answer_is_not_waited_for() {
    let mut bench = Bench::asked();
    bench.media(MediaEvent::Connected);
    bench.status(CallStatus::Established);
    assert_eq!(bench.call.deadline(), None);
}

#[test]
fn no_session_description_is_shown_for_debugging() {
    let call = Call::incoming(
        IncomingCall {
            call_id: "c".into(),
            caller: "a".into(),
            callee: "b".into(),
            sdp: "a=ice-pwd:hidden".into(),
            ..IncomingCall::default()
        },
        0,
    );
    assert!(!format!("{call:?}").contains("hidden"));
}

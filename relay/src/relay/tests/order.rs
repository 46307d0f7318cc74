//! Whatever browsers do in whatever order: every request has its one reply, every call its one end, and nothing is left.

use offhook_media::{Event, Inactivity, MediaFailure};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const NAMES: [&str; 3] = ["alice", "bob", "carol"];
const CALLEES: [&str; 8] = ["alice", "bob", "carol", "echo", "tone", "busy", "noanswer", "nobody"];

/// What may be asked about a call; an answer more often than the rest, so that calls come about.
const KINDS: [&str; 16] = [
    "ring",
    "answer",
    "answer",
    "badAnswer",
    "hold",
    "unhold",
    "dtmf",
    "hangup",
    "sdp",
    "offer",
    "restart",
    "another",
    "other",
    "transfer",
    "transfer",
    "merge",
];

/// Of the users, this one's sessions outlive their page.
const KEPT: usize = 1;

/// Something a browser, its network or the media side does.
#[derive(Clone, Debug)]
enum Deed {
    Call(usize, usize),
    /// A request about one of a user's calls, old or new.
    About(usize, &'static str, usize),
    Lose(usize),
    Leave(usize),
    /// Comes back on another connection, with the old session where it still is.
    Return(usize),
    /// Loads the page anew: nothing but the token is left.
    Reload(usize),
    /// Says something to the apps at the far ends.
    Say(usize),
    Passes(u64),
    Media(usize, usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    let user = || 0usize..3;
    prop_oneof![
        4 => (user(), 0..CALLEES.len()).prop_map(|(user, callee)| Deed::Call(user, callee)),
        12 => (user(), proptest::sample::select(&KINDS[..]), 0usize..6).prop_map(|(user, kind, at)| Deed::About(user, kind, at)),
        1 => user().prop_map(Deed::Lose),
        1 => user().prop_map(Deed::Leave),
        3 => user().prop_map(Deed::Return),
        2 => user().prop_map(Deed::Reload),
        1 => user().prop_map(Deed::Say),
        2 => (0u64..25_000).prop_map(Deed::Passes),
        1 => (0usize..6, 0usize..7).prop_map(|(leg, event)| Deed::Media(leg, event)),
    ]
}

/// A user at a browser, and everything one session has told it.
#[derive(Default)]
struct Person {
    browser: Option<Browser>,
    token: Value,
    /// The number of the last event before its page was there.
    before: u64,
    told: Vec<Value>,
    calls: Vec<String>,
}

impl Person {
    fn statuses(&self, call: &str) -> Vec<&str> {
        let of_call = self.told.iter().filter(|event| event["type"] == "callStatus" && event["callId"] == call);
        of_call.filter_map(|event| event["status"].as_str()).collect()
    }

    fn latest_offer(&self, call: &str) -> Option<Value> {
        self.told.iter().rev().find(|event| event["callId"] == call && event["sdp"].is_string()).cloned()
    }

    fn check(&self, everything_over: bool) {
        for (seq, event) in (self.before + 1..).zip(&self.told) {
            assert_eq!(event["seq"], seq, "events are numbered without gaps");
        }
        for call in &self.calls {
            let statuses = self.statuses(call);
            let ends = statuses.iter().filter(|status| ["FINISH", "BUSY", "FAILED"].contains(status)).count();
            assert!(ends <= 1, "{call}: {statuses:?}");
            if ends == 1 {
                let last = statuses.last().copied().unwrap_or_default();
                assert!(["FINISH", "BUSY", "FAILED"].contains(&last), "{call}: {statuses:?}");
            } else {
                assert!(!everything_over, "{call} has no end: {statuses:?}");
            }
        }
    }
}

struct Play {
    world: World,
    people: [Person; 3],
    calls: usize,
    read: usize,
}

impl Play {
    fn new() -> Self {
        let mut config = Config::demo();
        config.limits.requests_per_second = 100_000;
        let mut play = Self { world: World::new(config), people: Default::default(), calls: 0, read: 0 };
        (0..3).for_each(|user| play.come(user));
        play
    }

    fn act(&mut self, deed: &Deed) {
        match *deed {
            Deed::Call(user, callee) => self.call(user, CALLEES[callee]),
            Deed::About(user, kind, at) => self.about(user, kind, at),
            Deed::Lose(user) => {
                if let Some(browser) = self.people[user].browser.take() {
                    self.world.lose(browser);
                }
            }
            Deed::Leave(user) => {
                if let Some(browser) = self.people[user].browser.take() {
                    self.world.leave(browser);
                }
            }
            Deed::Return(user) => self.come(user),
            Deed::Reload(user) => self.reload(user),
            Deed::Say(user) => {
                if let Some(browser) = self.people[user].browser {
                    self.world.ask(browser, "sendData", json!({"payload": "{}"}));
                }
            }
            Deed::Passes(milliseconds) => self.world.later(Duration::from_millis(milliseconds)),
            Deed::Media(leg, event) => self.media(leg, event),
        }
        self.listen();
    }

    fn come(&mut self, user: usize) {
        if self.people[user].browser.is_some() {
            return;
        }
        let browser = self.world.connect();
        self.world.result(browser, "hello", json!({"version": 1, "client": "x"}));
        self.people[user].browser = Some(browser);
        if self.people[user].token.is_string() {
            let person = &self.people[user];
            let fields = json!({"token": person.token, "lastSeq": person.before + person.told.len() as u64});
            if self.world.ask(browser, "resume", fields)["error"].is_null() {
                return;
            }
        }
        self.open(user, browser);
    }

    fn open(&mut self, user: usize, browser: Browser) {
        let fields = json!({"login": NAMES[user], "keepAlive": user == KEPT});
        let token = self.world.result(browser, "openLocal", fields)["token"].clone();
        self.people[user] = Person { browser: Some(browser), token, ..Person::default() };
    }

    fn reload(&mut self, user: usize) {
        if let Some(browser) = self.people[user].browser.take() {
            self.world.leave(browser);
        }
        let browser = self.world.greeted();
        let fields = json!({"token": self.people[user].token, "lastSeq": 0, "fresh": true});
        let reply = self.world.ask(browser, "resume", fields);
        if !reply["error"].is_null() {
            return self.open(user, browser);
        }
        let session = &reply["result"];
        let calls = session["calls"].as_array().into_iter().flatten();
        self.people[user] = Person {
            browser: Some(browser),
            token: session["token"].clone(),
            before: session["lastSeq"].as_u64().unwrap_or_default(),
            told: Vec::new(),
            calls: calls.map(|call| call["callId"].as_str().unwrap().to_owned()).collect(),
        };
    }

    fn call(&mut self, user: usize, callee: &str) {
        let Some(browser) = self.people[user].browser else { return };
        self.calls += 1;
        let id = format!("call{}", self.calls);
        let fields = json!({"callId": id, "callee": callee, "sdp": OFFER});
        if self.world.ask(browser, "call", fields)["error"].is_null() {
            self.people[user].calls.push(id);
        }
    }

    fn about(&mut self, user: usize, kind: &str, at: usize) {
        let person = &self.people[user];
        let Some(browser) = person.browser else { return };
        let call = person.calls.iter().rev().nth(at).cloned().unwrap_or_else(|| "none".into());
        let offer = person.latest_offer(&call);
        let sdp = offer.map_or_else(|| "v=0".to_owned(), |offer| self.world.answer_to(&offer));
        let fields = match kind {
            "answer" | "sdp" => json!({"callId": call, "sdp": sdp}),
            "badAnswer" => json!({"callId": call, "sdp": "v=0\r\n"}),
            "offer" => json!({"callId": call, "sdp": OFFER}),
            "restart" => json!({"callId": call, "sdp": OFFER.replace("Kx3f", "Kx4f")}),
            "another" => json!({"callId": call, "sdp": OFFER.replace("sha-256 7b", "sha-256 7c")}),
            "other" => json!({"callId": call, "sdp": OFFER.replace("SAVPF 111 9 0 8 110 126", "SAVPF 8 9 126")}),
            "transfer" => json!({"callId": call, "target": CALLEES[(self.calls + at) % CALLEES.len()]}),
            "merge" => json!({"callId": call, "withCall": person.calls.iter().rev().nth(at + 1)}),
            "dtmf" => json!({"callId": call, "digits": "12#"}),
            _ => json!({"callId": call}),
        };
        let request = match kind {
            "badAnswer" => "answer",
            "restart" | "another" | "other" => "offer",
            "merge" => "transfer",
            kind => kind,
        };
        self.world.ask(browser, request, fields);
    }

    fn media(&mut self, leg: usize, event: usize) {
        let Some(leg) = self.world.media.open_legs().get(leg).copied() else { return };
        let event = match event {
            0 => Event::Connected { leg },
            1 => Event::Failed { leg, cause: MediaFailure::ConnectTimeout },
            2 => Event::PeerClosed { leg },
            3 => Event::Inactive { leg, cause: Inactivity::Rtp },
            4 => Event::Inactive { leg, cause: Inactivity::Consent },
            5 => Event::Failed { leg, cause: MediaFailure::Dtls },
            _ => Event::DtmfRefused { leg },
        };
        self.world.input(Input::Media(event));
    }

    /// Lets everybody hear what was said to them.
    fn listen(&mut self) {
        for (connection, frame) in self.world.sent.split_off(self.read) {
            let owner = self.people.iter_mut().find(|person| person.browser == Some(Browser(connection)));
            if let Some(person) = owner.filter(|_| frame["type"] != "reply") {
                if frame["type"] == "incomingCall" {
                    person.calls.push(frame["callId"].as_str().unwrap().to_owned());
                }
                person.told.push(frame);
            }
        }
        self.read = self.world.sent.len();
        self.people.iter().for_each(|person| person.check(false));
    }

    /// Everybody hangs up and goes.
    fn end(mut self) {
        for user in 0..3 {
            for at in 0..self.people[user].calls.len() {
                self.about(user, "hangup", at);
            }
        }
        self.listen();
        for person in self.people.iter().filter(|person| person.browser.is_some()) {
            person.check(true);
        }
        for user in 0..3 {
            self.act(&Deed::Lose(user));
        }
        self.world.later(Duration::from_secs(601));
        self.world.nothing_is_left();
        let counts = self.world.relay.counts();
        assert_eq!((counts.sessions, counts.connections), (0, 0));
        assert_eq!(self.world.relay.local_session("alice"), None);
    }
}

proptest! {
    #[test]
    fn every_request_is_answered_every_call_ends_and_nothing_is_left(
        deeds in proptest::collection::vec(deed(), 0..60),
    ) {
        let mut play = Play::new();
        for deed in &deeds {
            play.act(deed);
        }
        play.end();
    }
}

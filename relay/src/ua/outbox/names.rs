//! What the DNS has said, and the searches for servers that wait for more of it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use offhook_sip::locate::{Answer, Answers, Query, Reach, Step, Target, Wanted, locate};

use crate::ua::LookupId;
use crate::ua::alarms::Alarms;

/// How long a search may take altogether.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long an answer is used again, whatever its TTL.
const LONGEST: Duration = Duration::from_secs(300);

/// How long it is used again that there is nothing: a name that was just made should not be missed for long.
const NOTHING: Duration = Duration::from_secs(15);

/// Answers remembered at once.
const LIMIT: usize = 4096;

/// Names a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SearchId(u64);

/// A search, or what it found at once.
#[derive(Debug)]
pub(super) enum Sought {
    /// The targets, in order.
    Found(Vec<Target>),
    /// The DNS is being asked.
    Pending(SearchId),
}

/// Answers and searches.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: HashMap<Query, (Answer, Instant)>,
    lookups: HashMap<LookupId, Lookup>,
    asked: HashMap<Query, LookupId>,
    searches: HashMap<SearchId, Search>,
    ends: Alarms<SearchId>,
    /// What is to be asked.
    questions: Vec<(LookupId, Query)>,
    last: u64,
}

#[derive(Debug)]
struct Lookup {
    query: Query,
    waiting: Vec<SearchId>,
}

#[derive(Debug)]
struct Search {
    wanted: Wanted,
    reach: Arc<[Reach]>,
    seed: u64,
    /// What it has been answered: it goes on with that, however short its life.
    answers: HashMap<Query, Answer>,
    /// What it waits for.
    missing: HashSet<LookupId>,
}

/// Answers that a search has, and those that are remembered.
struct Both<'a> {
    own: &'a HashMap<Query, Answer>,
    known: &'a HashMap<Query, (Answer, Instant)>,
    now: Instant,
}

impl Answers for Both<'_> {
    fn get(&self, query: &Query) -> Option<&Answer> {
        let remembered = || self.known.get(query).filter(|(_, until)| *until > self.now).map(|(answer, _)| answer);
        self.own.get(query).or_else(remembered)
    }
}

impl Names {
    /// Looks for a server. `seed` chooses among equals.
    pub(super) fn seek(&mut self, wanted: Wanted, reach: Arc<[Reach]>, seed: u64, now: Instant) -> Sought {
        let search = Search { wanted, reach, seed, answers: HashMap::new(), missing: HashSet::new() };
        let id = SearchId(self.next_number());
        match self.step(id, search, now) {
            Some(targets) => Sought::Found(targets),
            None => {
                self.ends.set(id, Some(now + PATIENCE));
                Sought::Pending(id)
            }
        }
    }

    /// Nobody waits for this search any more.
    pub(super) fn forget(&mut self, id: SearchId) {
        self.searches.remove(&id);
        self.ends.set(id, None);
    }

    /// Takes an answer; gives the searches that have come to their end.
    pub(super) fn answered(
        &mut self,
        id: LookupId,
        answer: &Answer,
        ttl: Duration,
        now: Instant,
    ) -> Vec<(SearchId, Vec<Target>)> {
        let Some(Lookup { query, waiting }) = self.lookups.remove(&id) else { return Vec::new() };
        self.asked.remove(&query);
        self.remember(query.clone(), answer.clone(), ttl, now);
        let mut ended = Vec::new();
        for waiting in waiting {
            let Some(mut search) = self.searches.remove(&waiting) else { continue };
            search.missing.remove(&id);
            search.answers.insert(query.clone(), answer.clone());
            if !search.missing.is_empty() {
                self.searches.insert(waiting, search);
            } else if let Some(targets) = self.step(waiting, search, now) {
                self.ends.set(waiting, None);
                ended.push((waiting, targets));
            }
        }
        ended
    }

    /// When [`Names::give_up`] is due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.ends.next()
    }

    /// The searches that have taken too long.
    pub(super) fn give_up(&mut self, now: Instant) -> Vec<SearchId> {
        let late = self.ends.due(now);
        for id in &late {
            self.forget(*id);
        }
        late
    }

    /// The next question to the DNS, to be answered with [`Names::answered`].
    pub(super) fn poll_question(&mut self) -> Option<(LookupId, Query)> {
        self.questions.pop()
    }

    /// Goes on with a search as far as it gets.
    fn step(&mut self, id: SearchId, mut search: Search, now: Instant) -> Option<Vec<Target>> {
        let answers = Both { own: &search.answers, known: &self.known, now };
        let queries = match locate(&search.wanted, &search.reach, &answers, search.seed) {
            Step::Found(targets) => return Some(targets),
            Step::Ask(queries) => queries,
        };
        for query in queries {
            let lookup = match self.asked.get(&query) {
                Some(lookup) => *lookup,
                None => self.ask(query),
            };
            if let Some(lookup) = self.lookups.get_mut(&lookup) {
                lookup.waiting.push(id);
            }
            search.missing.insert(lookup);
        }
        self.searches.insert(id, search);
        None
    }

    fn ask(&mut self, query: Query) -> LookupId {
        let id = LookupId(self.next_number());
        self.questions.push((id, query.clone()));
        self.asked.insert(query.clone(), id);
        self.lookups.insert(id, Lookup { query, waiting: Vec::new() });
        id
    }

    fn remember(&mut self, query: Query, answer: Answer, ttl: Duration, now: Instant) {
        if self.known.len() >= LIMIT {
            self.known.retain(|_, (_, until)| *until > now);
        }
        let longest = if answer == Answer::Nothing { NOTHING } else { LONGEST };
        if self.known.len() < LIMIT {
            self.known.insert(query, (answer, now + ttl.min(longest)));
        }
    }

    fn next_number(&mut self) -> u64 {
        self.last = self.last.wrapping_add(1);
        self.last
    }
}

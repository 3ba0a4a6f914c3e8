//! Everything deleted, in the order in which it should be worked on.
//!
//! The nearest deadline comes first, but nothing comes before what it waits for: a key vault that an AI account with 18
//! hours left waits for has 18 hours as well. Things wait only for things of a lower rank, so that one pass from the
//! highest rank down hands every deadline to what it depends on, and sorting by deadline, then rank, keeps the order.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::blocker::Blocker;
use super::deadline::{Alarm, Term, earliest};
use super::reading::Reading;
use super::thing::{Deleted, Kind};
use crate::plan::inventory::Found;

/// Of several that a thing may need so many are named; of more it cannot be told which.
const MOST_GUESSED: usize = 3;
/// Names of those that wait; a plan can hold no more in one line.
const MOST_CONSUMERS: usize = 20;

/// What a thing waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// What.
    pub kind: Kind,
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Azure says so; otherwise it lay in the same group and is commonly needed.
    pub certain: bool,
}

/// Who waits for a thing, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What has the nearest deadline of those that wait.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its deadline.
    pub term: Term,
    /// It certainly waits.
    pub certain: bool,
}

/// One deleted thing, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The facts.
    pub thing: Deleted,
    /// Its own deadline.
    pub term: Term,
    /// The deadline of what waits for it, when that is nearer than its own.
    pub wanted: Option<Wanted>,
    /// What it waits for.
    pub waits: Vec<Wait>,
    /// What is in the way.
    pub blockers: Vec<Blocker>,
    /// Names of those that wait for it, nearest deadline first.
    pub consumers: Vec<String>,
}

impl Row {
    /// How urgent it is: by its own clock, or by the clock of what certainly waits for it.
    pub fn alarm(&self, now: i64) -> Alarm {
        let waiting = self.wanted.as_ref().filter(|w| w.certain).map(|w| w.term);
        self.term.alarm_with(waiting, now)
    }

    /// It can still come back.
    pub fn recoverable(&self, now: i64) -> bool {
        !matches!(self.term.alarm(now), Alarm::Lost | Alarm::Over)
    }
}

/// All rows, in the order of the work; what cannot come back stands at the end.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Board {
    /// Rows.
    pub rows: Vec<Row>,
}

impl Board {
    /// A row by its thing's id.
    pub fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|r| r.thing.id.eq_ignore_ascii_case(id))
    }
}

/// Judges a reading. `known` is the inventory kept here, which remembers where groups were.
pub fn board(reading: &Reading, known: &[Found], now: i64) -> Board {
    let things = &reading.deleted;
    let terms: Vec<Term> = things.iter().map(Term::of).collect();
    let open: Vec<bool> = terms.iter().map(|t| !matches!(t.alarm(now), Alarm::Lost | Alarm::Over)).collect();
    let needs = Needs::of(things, &open);
    let urgency = needs.urgency(things, &terms, &open);
    let mut order: Vec<usize> = (0..things.len()).collect();
    order.sort_by(|a, b| {
        let key = |i: usize| (!open[i], urgency.at[i], things[i].kind.rank());
        let name = |i: usize| (&things[i].name, &things[i].id);
        key(*a).cmp(&key(*b)).then_with(|| name(*a).cmp(&name(*b)))
    });
    let rows = order.iter().map(|&i| {
        let waits = needs.waits(things, i);
        Row {
            blockers: Blocker::of(&things[i], &terms[i], reading, &waits, known, now),
            wanted: urgency.by(i).filter(|_| open[i]).map(|(n, certain)| Wanted {
                kind: things[n].kind,
                name: things[n].name.clone(),
                term: terms[n],
                certain,
            }),
            consumers: needs.consumers(things, &order, i),
            term: terms[i],
            waits,
            thing: things[i].clone(),
        }
    });
    Board { rows: rows.collect() }
}

type Place = (String, String);

/// Who needs whom, by index; only what can still come back counts.
struct Needs {
    /// What Azure says.
    certain: Vec<Vec<usize>>,
    /// Group and kind that a thing commonly needs something of.
    guessed: Vec<Vec<(Place, Kind)>>,
    /// What is there to be needed, and each thing's own place among it.
    there: HashMap<(Place, Kind), Vec<usize>>,
    key_of: HashMap<usize, (Place, Kind)>,
    /// The other way round.
    needed_by: HashMap<usize, Vec<usize>>,
    asked_by: HashMap<(Place, Kind), Vec<usize>>,
}

impl Needs {
    fn of(things: &[Deleted], open: &[bool]) -> Self {
        let by_id: HashMap<String, usize> = things.iter().enumerate().map(|(i, d)| (d.key(), i)).collect();
        let mut there: HashMap<(Place, Kind), Vec<usize>> = HashMap::new();
        for (i, d) in things.iter().enumerate().filter(|(i, d)| open[*i] && !d.group.is_empty()) {
            there.entry((d.place(), d.kind)).or_default().push(i);
        }
        let certain = |(i, d): (usize, &Deleted)| -> Vec<usize> {
            let named = d.needs.iter().filter_map(|id| by_id.get(&id.to_ascii_lowercase()).copied());
            named.filter(|&n| open[i] && open[n] && things[n].kind.rank() < d.kind.rank()).collect()
        };
        let guessed = |(i, d): (usize, &Deleted)| -> Vec<(Place, Kind)> {
            // A hub does not come back, but it is built anew on what does.
            let asks = open[i] || d.kind == Kind::Hub;
            let kinds = if d.needs_known || !asks { &[][..] } else { d.kind.commonly_needs() };
            kinds.iter().map(|k| (d.place(), *k)).filter(|key| there.contains_key(key)).collect()
        };
        let certain: Vec<Vec<usize>> = things.iter().enumerate().map(certain).collect();
        let guessed: Vec<Vec<(Place, Kind)>> = things.iter().enumerate().map(guessed).collect();
        let key_of = there.iter().flat_map(|(k, all)| all.iter().map(|&i| (i, k.clone()))).collect();
        let (mut needed_by, mut asked_by): (HashMap<_, Vec<_>>, HashMap<_, Vec<_>>) = Default::default();
        for i in 0..things.len() {
            certain[i].iter().for_each(|&n| needed_by.entry(n).or_default().push(i));
            guessed[i].iter().for_each(|k| asked_by.entry(k.clone()).or_default().push(i));
        }
        Self { certain, guessed, there, key_of, needed_by, asked_by }
    }

    /// Names of those that need this thing, in this order.
    fn consumers(&self, things: &[Deleted], order: &[usize], what: usize) -> Vec<String> {
        let own = self.needed_by.get(&what).map_or(&[][..], Vec::as_slice);
        let beside = self.key_of.get(&what).and_then(|k| self.asked_by.get(k)).map_or(&[][..], Vec::as_slice);
        if own.is_empty() && beside.is_empty() {
            return Vec::new();
        }
        let all: HashSet<usize> = own.iter().chain(beside).copied().collect();
        order.iter().filter(|i| all.contains(i)).take(MOST_CONSUMERS).map(|&i| things[i].name.clone()).collect()
    }

    fn waits(&self, things: &[Deleted], i: usize) -> Vec<Wait> {
        let one = |n: usize, certain: bool| Wait {
            kind: things[n].kind,
            id: things[n].id.clone(),
            name: things[n].name.clone(),
            certain,
        };
        let mut out: Vec<Wait> = self.certain[i].iter().map(|&n| one(n, true)).collect();
        for key in &self.guessed[i] {
            let all = self.there.get(key).map_or(&[][..], Vec::as_slice);
            let more = all.iter().filter(|n| !self.certain[i].contains(n)).take(MOST_GUESSED);
            out.extend(more.map(|&n| one(n, false)));
        }
        out
    }

    /// The deadline that counts for each thing, and whose it is when it is not its own.
    fn urgency(&self, things: &[Deleted], terms: &[Term], open: &[bool]) -> Urgency {
        let mut at: Vec<i64> = things.iter().zip(terms).map(|(d, t)| earliest(d, t)).collect();
        // Apart from the guesses: a nearer guess must not hide what is certain.
        let mut sure: Vec<(i64, usize)> = at.iter().copied().zip(0..).collect();
        let mut by: Vec<usize> = (0..things.len()).collect();
        // What waits for anything of a kind in a group, the nearest deadline of all.
        let mut asked: BTreeMap<&(Place, Kind), (i64, usize)> = BTreeMap::new();
        let mut down: Vec<usize> = (0..things.len()).filter(|&i| open[i]).collect();
        down.sort_by_key(|&i| std::cmp::Reverse(things[i].kind.rank()));
        for i in down {
            if let Some((nearest, who)) = self.key_of.get(&i).and_then(|k| asked.get(k)).copied()
                && nearest < at[i]
            {
                (at[i], by[i]) = (nearest, who);
            }
            // Its own deadline, or the one handed down to it, goes on to what it needs.
            let (mine, who, certainly) = (at[i], by[i], sure[i]);
            for &n in &self.certain[i] {
                if mine < at[n] {
                    (at[n], by[n]) = (mine, who);
                }
                if certainly.0 < sure[n].0 {
                    sure[n] = certainly;
                }
            }
            for key in &self.guessed[i] {
                let nearest = asked.entry(key).or_insert((mine, who));
                if mine < nearest.0 {
                    *nearest = (mine, who);
                }
            }
        }
        Urgency { at, by, sure: sure.into_iter().map(|s| s.1).collect() }
    }
}

struct Urgency {
    at: Vec<i64>,
    /// Whose deadline that is.
    by: Vec<usize>,
    /// Whose deadline it certainly is.
    sure: Vec<usize>,
}

impl Urgency {
    /// Who waits for a thing with a nearer deadline than its own, and whether certainly.
    fn by(&self, i: usize) -> Option<(usize, bool)> {
        let other = |n: usize| Some(n).filter(|&n| n != i);
        other(self.sure[i]).map(|n| (n, true)).or(other(self.by[i]).map(|n| (n, false)))
    }
}

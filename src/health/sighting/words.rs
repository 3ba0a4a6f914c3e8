//! Plain words: `Ben: East US down from Berlin`, `westeurope ok (Ana)`.
//!
//! Forgiving about the order and about words that mean nothing here; strict about what would turn the meaning round: a
//! question, a guess, or two words that contradict each other are not taken.

use super::block::{not_watched, same_name};
use super::{Colleague, Here, SightingError, Taken};
use crate::health::{Sighting, Vouched};
use crate::units::{FINGERPRINT, Millis, Region, hidden, known_region};

const GOOD: [&str; 19] = [
    "ok",
    "okay",
    "up",
    "answer",
    "answers",
    "answering",
    "works",
    "working",
    "fine",
    "reachable",
    "reach",
    "reaches",
    "reached",
    "green",
    "healthy",
    "good",
    "responds",
    "respond",
    "responding",
];
const BAD: [&str; 18] = [
    "down",
    "dead",
    "unreachable",
    "unavailable",
    "fails",
    "failing",
    "failed",
    "fail",
    "broken",
    "red",
    "timeout",
    "timeouts",
    "out",
    "outage",
    "offline",
    "gone",
    "errors",
    "error",
];
const NOT: [&str; 27] = [
    "not", "no", "never", "cannot", "cant", "doesnt", "dont", "isnt", "arent", "aint", "wont", "without", "unable",
    "nothing", "neither", "nor", "didnt", "couldnt", "hasnt", "havent", "nobody", "none", "hardly", "barely",
    "stopped", "stops", "ceased",
];
/// With one of these nobody has said that it is so.
const DOUBT: [&str; 14] = [
    "maybe", "perhaps", "might", "may", "probably", "possibly", "guess", "unsure", "sure", "if", "whether", "could",
    "should", "unclear",
];
/// What follows is over.
const PAST: [&str; 4] = ["was", "were", "wasnt", "werent"];
/// Stand between regions of which the same is said.
const JOINS: [&str; 3] = [",", "and", "or"];
const SAYS: [&str; 9] = ["says", "said", "sees", "reports", "reported", "tells", "told", "confirms", "writes"];
/// Names of people have so many words, names of regions too.
const NAME: usize = 4;
/// Lines that are read; a colleague's word has a few.
const LINES: usize = 50;
/// Signs of a line that are shown where it was not understood.
const SHOWN: usize = 80;

/// Reads plain words, a line each; a line without a name is of whoever the line before names.
pub(super) fn take(text: &str, here: &Here<'_>) -> Result<Taken, SightingError> {
    let mut taken = Taken::default();
    let mut failed: Vec<SightingError> = Vec::new();
    let mut who: Option<String> = None;
    for line in text.lines().map(clean).filter(|l| !l.is_empty()).take(LINES) {
        match read(&line, &mut who, here) {
            Ok(all) => {
                for s in all {
                    let twice = |x: &&Sighting| x.who == s.who && x.region == s.region;
                    if taken.sightings.iter().find(twice).is_some_and(|x| x.answers != s.answers) {
                        return Err(wrong(&line, "it says both of one region"));
                    }
                    if !here.watched.contains(&s.region) {
                        taken.remarks.push(not_watched(&s.region));
                    }
                    taken.sightings.push(s);
                }
            }
            Err(e) => failed.push(e),
        }
    }
    if taken.sightings.is_empty() {
        return Err(failed.into_iter().next().unwrap_or(SightingError::Empty));
    }
    taken.remarks.extend(failed.iter().map(ToString::to_string));
    Ok(taken)
}

/// `know Ben 9f3a-12bc-…`: whose key a person vouches for; picks it from those that fitted a block.
pub fn names_a_key(text: &str, heard: &[Colleague]) -> Option<Result<Colleague, SightingError>> {
    let line = clean(text);
    let words: Vec<&str> = line.split(' ').collect();
    let (_, rest) = words.split_first().filter(|(first, _)| first.eq_ignore_ascii_case("know"))?;
    // The fingerprint is what ends it: so many digits, in groups or not.
    let mut signs = 0;
    let digits = |w: &&&str| {
        let more = w.chars().all(|c| c.is_ascii_hexdigit() || c == '-') && signs < FINGERPRINT;
        signs += w.chars().filter(char::is_ascii_hexdigit).count();
        more
    };
    let digits = rest.iter().rev().take_while(digits).count();
    let (name, print) = rest.split_at(rest.len() - digits);
    let (name, print) = (name.join(" "), print.concat().replace('-', "").to_lowercase());
    if name.is_empty() || print.len() != FINGERPRINT {
        return None;
    }
    let fits = |c: &&Colleague| same_name(&c.name, &name) && c.key.fingerprint().replace('-', "") == print;
    let why =
        "no block of that name and fingerprint was pasted since the start; paste the block first, then compare again";
    Some(heard.iter().find(fits).cloned().ok_or_else(|| wrong(&line, why)))
}

fn wrong(text: &str, why: &'static str) -> SightingError {
    SightingError::NotUnderstood { text: text.chars().take(SHOWN).collect(), why }
}

/// A line without quoting, odd blanks and what cannot be seen.
fn clean(line: &str) -> String {
    let shown: String = line.chars().filter(|c| !hidden(*c)).collect();
    shown.trim_start_matches(['>', '|', ' ', '\u{a0}']).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One line: who, and what of which regions.
fn read(line: &str, carried: &mut Option<String>, here: &Here<'_>) -> Result<Vec<Sighting>, SightingError> {
    let (name, text) = named(line, here);
    // A line that only names somebody begins what they say.
    if let Some(name) = name {
        *carried = Some(name);
        if text.trim().is_empty() {
            return Ok(Vec::new());
        }
    }
    let who = carried.clone().ok_or_else(|| wrong(line, "it does not say who sees it"))?;
    if same_name(&who, here.me) {
        return Err(SightingError::Mine);
    }
    let tokens = tokens(&text);
    if text.contains('?') || tokens.iter().any(|t| DOUBT.contains(&t.as_str())) {
        return Err(wrong(line, "it is a question or a guess"));
    }
    let said = meaning(&tokens, here).map_err(|why| wrong(line, why))?;
    let sighting = |(region, answers): (Region, bool)| Sighting {
        who: who.clone(),
        region,
        answers,
        at: here.now.saturating_sub(said.ago),
        vouched: Vouched::Unsigned,
        from: said.from.clone(),
        note: String::new(),
    };
    Ok(said.regions.into_iter().map(sighting).collect())
}

/// `Ben: …`, `… (Ben)`, `Ben says …`: the name, and the rest of the line.
fn named(line: &str, here: &Here<'_>) -> (Option<String>, String) {
    // Chats put the time into brackets.
    let mut line = line.to_owned();
    while let Some((open, close)) = line.find('[').and_then(|o| Some((o, o + line[o..].find(']')?))) {
        line.replace_range(open..=close, " ");
    }
    let means_nothing = |text: &str| {
        let t = tokens(text);
        !t.is_empty()
            && t.len() <= NAME
            && !t.iter().any(|t| is_word(t))
            && (0..t.len()).all(|n| region(&t[n..], here).is_none())
    };
    let name = |text: &str| {
        let is_name = |w: &&str| w.chars().any(char::is_alphabetic) && !["AM", "PM", "am", "pm", "UTC"].contains(w);
        let words: Vec<&str> = text.split([' ', ',']).filter(is_name).collect();
        (!words.is_empty()).then(|| words.join(" "))
    };
    if let Some((open, close)) = line.rfind('(').and_then(|o| Some((o, o + line[o..].find(')')?))) {
        let inside = line[open + 1..close].to_owned();
        if means_nothing(&inside)
            && let Some(name) = name(&inside)
        {
            return (Some(name), format!("{} {}", &line[..open], &line[close + 1..]));
        }
    }
    // A colon followed by a blank or the end; that of a time is not.
    let colon = line.char_indices().find(|(n, c)| *c == ':' && line[n + 1..].chars().next().is_none_or(|c| c == ' '));
    if let Some((at, _)) = colon
        && means_nothing(&line[..at])
        && let Some(name) = name(&line[..at])
    {
        return (Some(name), line[at + 1..].to_owned());
    }
    let says = line.split(' ').position(|w| SAYS.contains(&w.to_lowercase().as_str()));
    if let Some(n) = says {
        let words: Vec<&str> = line.split(' ').collect();
        let before = words[..n].join(" ");
        if means_nothing(&before)
            && let Some(name) = name(&before)
        {
            return (Some(name), words[n + 1..].join(" "));
        }
    }
    (None, line)
}

fn is_word(t: &str) -> bool {
    GOOD.contains(&t) || BAD.contains(&t) || NOT.contains(&t)
}

/// Lower-case words, without apostrophes; `,` where a clause ends.
fn tokens(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    for c in text.chars().filter(|c| !['\'', '’', '‘'].contains(c)) {
        if c.is_alphanumeric() {
            if let Some(last) = out.last_mut() {
                last.extend(c.to_lowercase());
            }
        } else {
            if [',', ';', '.', '!'].contains(&c) {
                out.push(",".to_owned());
            }
            out.push(String::new());
        }
    }
    out.retain(|t| !t.is_empty());
    out
}

/// The longest name of a region that these words begin with, and how many words it has.
fn region(words: &[String], here: &Here<'_>) -> Option<(Region, usize)> {
    (1..=NAME.min(words.len())).rev().find_map(|n| {
        let r = Region::new(&words[..n].concat());
        let plain = words[..n].iter().all(|w| w != ",");
        (plain && (known_region(r.name()).is_some() || here.watched.contains(&r))).then_some((r, n))
    })
}

/// What a line says.
#[derive(Debug, Default)]
struct Said {
    regions: Vec<(Region, bool)>,
    from: String,
    ago: i64,
}

/// Nothing is guessed: what can be read in two ways is an error.
fn meaning(words: &[String], here: &Here<'_>) -> Result<Said, &'static str> {
    const UNTIED: &str = "it is not clear what the “not” belongs to";
    let mut said = Said::default();
    // Named, and nothing said of them yet; a word that came first and holds for what follows; those it was said of last.
    let (mut waiting, mut held, mut last): (Vec<Region>, Option<bool>, Option<bool>) = (Vec::new(), None, None);
    // `near`: since a region was named nothing but a comma or an “and” came.
    let (mut not, mut past, mut near) = (false, false, false);
    let mut n = 0;
    while let Some(word) = words.get(n) {
        if word == "from" {
            let place: Vec<&str> = words[n + 1..].iter().map(String::as_str).take_while(|w| !ends_place(w)).collect();
            said.from = place.iter().map(|w| super::super::verdict::capital(w)).collect::<Vec<_>>().join(" ");
            n += 1 + place.len();
            continue;
        }
        if word == "ago" {
            said.ago = ago(&words[..n]).ok_or("it does not say how long ago")?;
        }
        let joins = JOINS.contains(&word.as_str());
        let named = region(&words[n..], here);
        if not && (joins || word == "but" || named.is_some()) {
            return Err(UNTIED);
        }
        if let Some((r, long)) = named {
            n += long;
            let joined = std::mem::replace(&mut near, true);
            let ends = words.get(n).is_none_or(|w| ends_place(w) || w == "or" || w == "from");
            match held {
                // The first one that a word came before, and the rest of a list of them.
                Some(answers) if said.regions.is_empty() || (joined && ends) => said.regions.push((r, answers)),
                _ if waiting.is_empty() || joined => waiting.push(r),
                _ => return Err("it does not say whether each region answers"),
            }
            continue;
        }
        // `OK, I look at East US`.
        if word == "," && said.regions.is_empty() {
            held = None;
        }
        near &= joins;
        not |= NOT.contains(&word.as_str());
        past |= PAST.contains(&word.as_str());
        let good = GOOD.contains(&word.as_str());
        if good || BAD.contains(&word.as_str()) {
            let answers = good != not;
            if !std::mem::take(&mut past) {
                if held.is_some_and(|held| held != answers) {
                    return Err("a word before a region and one after it differ; write a line for each region");
                }
                if !waiting.is_empty() {
                    said.regions.extend(waiting.drain(..).map(|r| (r, answers)));
                } else if said.regions.is_empty() || held.is_some() {
                    held = Some(answers);
                } else if last != Some(answers) {
                    return Err("it says both, that it answers and that it does not");
                }
                last = Some(answers);
            }
            not = false;
        }
        n += 1;
    }
    if not {
        return Err(UNTIED);
    }
    let both = |a: &(Region, bool)| said.regions.iter().any(|b| a.0 == b.0 && a.1 != b.1);
    if said.regions.iter().any(both) {
        return Err("it says both, that it answers and that it does not");
    }
    match (said.regions.is_empty(), waiting.is_empty(), held) {
        (false, true, _) => Ok(said),
        (_, false, _) => Err("it does not say whether each region answers"),
        (true, true, Some(_)) => Err("no region of Azure is named in it"),
        (true, true, None) => Err("neither a region nor whether it answers is in it"),
    }
}

fn ends_place(word: &str) -> bool {
    is_word(word) || [",", "and", "but", "since", "for", "at", "now", "too"].contains(&word)
}

/// `10 min`, `an hour`: the time before `ago`, in milliseconds.
fn ago(before: &[String]) -> Option<i64> {
    let (unit, rest) = before.split_last()?;
    let (number, unit) = match unit.find(|c: char| !c.is_ascii_digit()) {
        Some(at) if at > 0 => (unit[..at].parse().ok()?, &unit[at..]),
        _ => match rest.last()?.as_str() {
            "a" | "an" | "one" => (1, unit.as_str()),
            word => (word.parse::<u64>().ok()?, unit.as_str()),
        },
    };
    if rest.iter().rev().take(2).any(|w| w == "half") {
        return None;
    }
    let unit = match unit {
        "s" | "sec" | "secs" | "second" | "seconds" => Millis::from_secs(1),
        "m" | "min" | "mins" | "minute" | "minutes" => Millis::from_mins(1),
        "h" | "hour" | "hours" => Millis::from_mins(60),
        _ => return None,
    };
    i64::try_from(number.checked_mul(unit.0)?).ok()
}

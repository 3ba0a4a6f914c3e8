//! A colleague's word: the block through mail and chats, forged and old ones, and plain words.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use lifeboat::health::sighting::{Block, Colleague, Here, KEPT, Line, SightingError, Taken, merge, names_a_key, take};
use lifeboat::health::{Advice, Decision, Inputs, RegionInput, Role, Sighting, State, Vouched, assess};
use lifeboat::runbook::model::Tier;
use lifeboat::units::{Millis, PublicKey, Region};

use super::{T0, fed, ok, silent, times};

fn key(seed: u8) -> (Ed25519KeyPair, PublicKey) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    let public = PublicKey::of(pair.public_key().as_ref()).unwrap();
    (pair, public)
}

fn line(region: &str, state: State) -> Line {
    Line {
        region: Region::new(region),
        state,
        since: Some(T0 - 240_000),
        calls: "9 of 9 calls fail".to_owned(),
        reason: "oai-prod-eastus: no answer in time; “really”, 9 of 9".to_owned(),
    }
}

fn block(who: &str, lines: Vec<Line>) -> Block {
    Block { who: who.to_owned(), at: T0, from: "Berlin office".to_owned(), of: "AzureCloud".to_owned(), lines }
}

fn signed(b: &Block, seed: u8) -> String {
    let (pair, public) = key(seed);
    b.signed(&public, pair.sign(&b.signed_bytes()).as_ref())
}

struct Reader {
    now: i64,
    known: Vec<Colleague>,
    watched: Vec<Region>,
    mine: PublicKey,
}

impl Reader {
    fn new() -> Self {
        let watched = vec![Region::new("eastus"), Region::new("westeurope")];
        Self { now: T0 + 1_000, known: Vec::new(), watched, mine: key(99).1 }
    }
    fn knows(mut self, name: &str, seed: u8) -> Self {
        self.known.push(Colleague { name: name.to_owned(), key: key(seed).1, pair: None });
        self
    }
    fn take(&self, text: &str) -> Result<Taken, SightingError> {
        take(
            text,
            &Here {
                now: self.now,
                me: "Ada",
                my_key: Some(&self.mine),
                of: "AzureCloud",
                known: &self.known,
                watched: &self.watched,
            },
        )
    }
    fn says(&self, text: &str) -> String {
        match self.take(text) {
            Ok(t) => t.sightings.iter().map(|s| s.line(self.now)).chain(t.remarks).collect::<Vec<_>>().join(" | "),
            Err(e) => format!("refused: {e}"),
        }
    }
}

/// Quoted, and wrapped at so many columns, even within words when `hard`.
fn mailed(text: &str, columns: usize, quote: &str, end: &str, hard: bool) -> String {
    let mut out = format!("On Friday Ben wrote:{end}{end}");
    for l in text.lines() {
        let mut row = String::new();
        for word in l.split(' ') {
            if !row.is_empty() && row.chars().count() + 1 + word.chars().count() > columns {
                out.push_str(&format!("{quote}{row}  \u{a0}{end}"));
                row.clear();
            }
            row.push_str(if row.is_empty() { "" } else { "\u{a0}" });
            row.push_str(word);
            while hard && row.chars().count() > columns {
                let head: String = row.chars().take(columns).collect();
                out.push_str(&format!("{quote}{head}{end}"));
                row = row.chars().skip(columns).collect();
            }
        }
        out.push_str(&format!("{quote}{row}{end}"));
    }
    format!("{out}{end}-- {end}Sent from my phone")
}

#[test]
fn a_signed_block_survives_mail_and_chats() {
    let b = block("Ben Müller", vec![line("eastus", State::Down), line("westeurope", State::Ok)]);
    let text = signed(&b, 1);
    assert!(text.starts_with("[Lifeboat sighting 1]\nwho: Ben Müller;\nwhen: 2023-11-14T22:13:20Z;\n"), "{text}");
    assert!(text.contains(
        "region: eastus, down, since 2023-11-14T22:09:20Z, 9 of 9 calls fail, oai-prod-eastus: no answer in time"
    ));
    let reader = Reader::new().knows("ben müller", 1);
    let plain = reader.take(&text).unwrap();
    assert_eq!(plain.sightings.len(), 2);
    assert_eq!(plain.sightings[0].vouched, Vouched::Known);
    assert_eq!(plain.sightings[0].voice(), "Ben Müller, from Berlin office (signed)");
    assert_eq!((plain.sightings[0].answers, plain.sightings[1].answers, plain.sightings[0].at), (false, true, T0));
    assert_eq!((plain.remarks.len(), plain.keys.len()), (0, 0));
    for quote in ["", "> ", ">> > ", "| "] {
        for end in ["\n", "\r\n"] {
            for (columns, hard) in [(200, false), (72, false), (40, false), (33, true)] {
                let text = mailed(&text, columns, quote, end, hard);
                assert_eq!(reader.take(&text).unwrap().sightings.len(), 2, "{text}");
                let same = |a: &Taken| a.sightings.iter().map(|s| (s.vouched.clone(), s.answers)).collect::<Vec<_>>();
                assert_eq!(same(&reader.take(&text).unwrap()), same(&plain), "{text}");
            }
        }
    }
    let all_in_one = text.replace('\n', " ");
    assert_eq!(reader.take(&all_in_one).unwrap(), plain, "a chat that drops line ends");
    let zero_width = text.replace("who", "\u{200b}who").replace("down", "do\u{200d}wn");
    assert_eq!(reader.take(&zero_width).unwrap().sightings, plain.sightings);
}

#[test]
fn every_change_that_means_something_is_found() {
    let b = block("Ben", vec![line("eastus", State::Down)]);
    let (text, reader) = (signed(&b, 1), Reader::new().knows("Ben", 1));
    for (was, is) in [
        ("who: Ben", "who: Ana"),
        ("13:20Z", "13:21Z"),
        ("Berlin", "Dublin"),
        ("eastus, down", "eastus, ok"),
        ("eastus, down", "westus, down"),
        ("9 of 9", "0 of 9"),
        ("no answer", "answer"),
        ("of: Azure", "of: OtherAzure"),
        (";\nkey", ";\nregion: westeurope, ok, since unknown, 1 call, fine;\nkey"),
        ("when:", "from: here; when:"),
        // What is kept is signed.
        ("who: Ben", "who: B-en"),
        ("who: Ben", "who: Be(n)"),
        ("eastus, down", "eastus, do-wn"),
        ("oai-prod", "oai+prod"),
    ] {
        assert!(text.contains(was), "{was}: {text}");
        let e = reader.take(&text.replacen(was, is, 1)).unwrap_err();
        assert!(matches!(e, SightingError::Changed(_)), "{was} → {is}: {e}");
    }
    // And what is not signed makes no difference: the same voice says the same.
    let whole = reader.take(&text).unwrap();
    for (was, is) in [("who: Ben", "who: B e_n"), ("eastus, down", "east us, do_w n"), ("of: Azure", "of: Az*ure ")] {
        let taken = reader.take(&text.replacen(was, is, 1)).unwrap();
        let mut kept = whole.sightings.clone();
        merge(&mut kept, &taken.sightings);
        let what: Vec<_> = kept.iter().map(|s| (s.answers, s.vouched.clone())).collect();
        assert_eq!(what, [(false, Vouched::Known)], "{was} → {is}");
    }
    let half = text.split("signature").next().unwrap().to_owned() + "[end of Lifeboat sighting]";
    assert!(matches!(reader.take(&half), Err(SightingError::Changed(_))), "a key without a signature");
    // Another's signature over the same words.
    let (pair, public) = key(2);
    let forged = b.signed(&public, pair.sign(b"lifeboat-sighting-1\nwho:Ben\n").as_ref());
    assert!(matches!(reader.take(&forged), Err(SightingError::Changed(_))));
}

#[test]
fn what_is_wrong_with_a_block_is_said() {
    let down = || vec![line("eastus", State::Down)];
    let reader = Reader::new().knows("Ben", 1);
    let ben = signed(&block("Ben", down()), 1);
    let late = |seconds: i64| signed(&Block { at: T0 + seconds * 1_000, ..block("Ben", down()) }, 1);
    let cut = &ben[..ben.len() - 20];
    let bare = block("Ben", down()).unsigned("the keyring is locked");
    let table = [
        (String::new(), "refused: there is no text; paste the block"),
        (" \n\u{a0}".to_owned(), "refused: there is no text"),
        ("x".repeat(70_000), "refused: this is more text"),
        (cut.to_owned(), "refused: the block is cut off: its end is missing"),
        (ben.split_once(']').unwrap().1.to_owned(), "refused: the block is cut off: its beginning is missing"),
        (
            ben.replacen("sighting 1]", "sighting 2]", 1),
            "refused: the block is of version 2, and this Lifeboat reads version 1",
        ),
        (ben.replacen("who: Ben;", "", 1), "refused: the block cannot be read: `who` is missing"),
        (ben.replacen("T22", "later", 1), "refused: the block cannot be read: `when` is no time"),
        (ben.replacen("key: ", "key: x", 1), "refused: the block cannot be read: `key` is no key"),
        (signed(&block("Ada", down()), 99), "refused: this is your own word"),
        (block("ada", down()).unsigned("no keyring"), "refused: this is your own word"),
        (
            signed(&Block { of: "rehearsal".to_owned(), ..block("Ben", down()) }, 1),
            "refused: the block tells of rehearsal, and here AzureCloud is watched",
        ),
        (
            late(302),
            "refused: the block of Ben is 5 min 1 s ahead of this computer's clock, so one of the two clocks is wrong",
        ),
        (late(300), "Ben, from Berlin office (signed): East US does not answer; down, since 22:09:20 UTC"),
        (late(-15 * 60), "Older than 15 min: it says nothing about now | what Ben saw is 15 min 1 s old: it is shown"),
        (
            signed(&block("Ben", vec![line("eastus", State::Blind)]), 1),
            "refused: the block of Ben does not say of any region",
        ),
        (
            signed(&block("Ben", vec![line("atlantis", State::Down), line("westus", State::Ok)]), 1),
            "Ben speaks of “atlantis”, which is no region that is known here | West US is not watched here",
        ),
        (
            bare.clone(),
            "Ben, from Berlin office (not signed, though their key is known here, so it does not count): East US does not answer",
        ),
        (bare.replacen("Ben", "B.en", 1), "B.en, from Berlin office (unsigned): East US does not answer"),
        (
            format!("{ben}\n{}", signed(&block("Ana", down()), 3)),
            "Ana, from Berlin office (signed by a key that is not known here, so taken as unsigned)",
        ),
        (
            format!("{}{bare}", ben.replacen("down", "ok", 1)),
            "the block that names Ben was changed after it was signed",
        ),
    ];
    for (text, want) in table {
        let said = reader.says(&text);
        assert!(said.contains(want), "{want}\n  is not in\n{said}\n{text}");
    }
    let early = reader.take(&late(240)).unwrap().sightings;
    assert_eq!(early[0].at, reader.now, "a clock that is a little ahead makes nothing younger than now");
    assert!(bare.contains("unsigned: the keyring is locked;"), "{bare}");
}

#[test]
fn keys_are_known_unknown_or_not_theirs() {
    let text = signed(&block("Ben", vec![line("eastus", State::Down)]), 1);
    let print = key(1).1.fingerprint();
    assert_eq!((print.len(), print.matches('-').count()), (24, 4));
    let said = Reader::new().says(&text);
    assert!(said.contains(&format!("have Ben read it to you, then paste: know Ben {print}")), "{said}");
    let taken = Reader::new().take(&text).unwrap();
    assert_eq!(taken.sightings[0].vouched, Vouched::NewKey(print.clone()));
    for words in [format!("know Ben {print}"), format!("> KNOW  ben {} ", print.replace('-', " ").to_uppercase())] {
        assert_eq!(names_a_key(&words, &taken.keys), Some(Ok(taken.keys[0].clone())), "{words}");
    }
    for words in [format!("know Ana {print}"), "know Ben 0000-0000-0000-0000-0000".to_owned()] {
        assert!(matches!(names_a_key(&words, &taken.keys), Some(Err(_))), "{words}");
    }
    assert_eq!(names_a_key("Ben: East US down", &taken.keys), None);
    let other = Reader::new().knows("BEN", 2);
    let said = other.says(&text);
    assert!(said.contains("(signed by another key than theirs, so it does not count)"), "{said}");
    let both = Reader::new().knows("Ben", 2).knows("Ben", 1);
    assert_eq!(both.take(&text).unwrap().sightings[0].vouched, Vouched::Known, "two laptops, two keys");
    let roster = serde_json::to_string(&both.known).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Colleague>>(&roster).unwrap(), both.known);
    assert!(serde_json::from_str::<Colleague>(r#"{"name":"Ben","key":"00"}"#).is_err());
}

#[test]
fn plain_words_are_understood_or_it_is_said_why_not() {
    let table = [
        ("Ben: East US down from Berlin", "Ben, from Berlin (unsigned): East US does not answer"),
        ("westeurope ok (Ana)", "Ana (unsigned): West Europe answers"),
        ("> Ben Miller: I can't reach eastus", "Ben Miller (unsigned): East US does not answer"),
        ("Ben: East\u{a0}US doesn’t answer", "Ben (unsigned): East US does not answer"),
        ("Ben [03:14]: east us is not down", "Ben (unsigned): East US answers"),
        ("[03:14] Ben: EastUS unreachable", "Ben (unsigned): East US does not answer"),
        ("Ben says East US was down but is ok now", "Ben (unsigned): East US answers"),
        ("Ben: down: East US and West Europe", "East US does not answer | Ben (unsigned): West Europe does not answer"),
        ("Ben: East US down, West Europe fine", "East US does not answer | Ben (unsigned): West Europe answers"),
        ("Ben:\n East US down\n West Europe up", "East US does not answer | Ben (unsigned): West Europe answers"),
        ("Ben: East US 2 down", "Ben (unsigned): East US 2 does not answer | East US 2 is not watched here"),
        ("Ben: East US down 20 min ago", "East US does not answer. Older than 15 min"),
        ("Ben: East US down\nhello", "“hello” was not understood: neither a region"),
        ("East US down", "refused: “East US down” was not understood: it does not say who sees it; write who"),
        ("Ben: East US", "it does not say whether each region answers"),
        ("Ben: it is down", "no region of Azure is named in it"),
        ("Ben: is East US down?", "it is a question or a guess"),
        ("Ben: East US is probably down", "it is a question or a guess"),
        ("Ben: East US down and not down", "it says both"),
        ("Ben: East US ok\nBen: East US down", "it says both of one region"),
        ("Ben: no problem, East US ok", "it is not clear what the “not” belongs to"),
        ("Ben: East US down, West Europe", "it does not say whether each region answers"),
        ("Ben: East US down a while ago", "it does not say how long ago"),
        ("Ben: can't reach West Europe, East US is fine", "a word before a region and one after it differ"),
        ("Ben: outage in East US, West Europe fine", "a word before a region and one after it differ"),
        ("Ben: without VPN East US works", "it is not clear what the “not” belongs to"),
        ("Ben: no VPN and East US up", "it is not clear what the “not” belongs to"),
        ("Ben: outage in West Europe, East US is normal", "it does not say whether each region answers"),
        ("Ben: East US was fine, West Europe down", "it does not say whether each region answers"),
        ("Ben: ok, I look at East US", "it does not say whether each region answers"),
        ("Ben: nobody can reach East US", "Ben (unsigned): East US does not answer"),
        ("Ben: couldn't reach East US", "Ben (unsigned): East US does not answer"),
        ("Ben: East US stopped answering", "Ben (unsigned): East US does not answer"),
        ("Ben: East US works not", "it is not clear what the “not” belongs to"),
        ("Ben: down: East US, West Europe", "East US does not answer | Ben (unsigned): West Europe does not answer"),
        ("A_da: East US down", "refused: this is your own word"),
        ("Ada: East US down", "refused: this is your own word"),
    ];
    for (text, want) in table {
        let said = Reader::new().says(text);
        assert!(said.contains(want), "{text}\n  {said}\n  lacks {want}");
    }
}

#[test]
fn of_one_person_the_newest_counts_and_the_list_is_bounded() {
    let s = |who: &str, at: i64, answers: bool, vouched: Vouched| Sighting {
        who: who.to_owned(),
        region: Region::new("eastus"),
        answers,
        at,
        vouched,
        ..Sighting::default()
    };
    let mut kept = Vec::new();
    assert!(merge(&mut kept, &[s("Ben", 5, false, Vouched::Known)]).is_empty());
    assert!(merge(&mut kept, &[s("ben", 9, true, Vouched::Unsigned)]).is_empty());
    assert_eq!((kept.len(), kept[0].answers), (1, true));
    let said = merge(&mut kept, &[s("Ben", 7, false, Vouched::Known)]);
    assert_eq!((kept[0].answers, said.len()), (true, 1), "{said:?}");
    merge(&mut kept, &[s("Ben", 11, false, Vouched::OtherKey("x".to_owned()))]);
    assert_eq!(kept.len(), 2, "somebody else's key takes nothing from Ben");
    let many: Vec<_> = (0..500).map(|n| s(&format!("p{n}"), n, true, Vouched::Unsigned)).collect();
    merge(&mut kept, &many);
    assert_eq!((kept.len(), kept[0].at), (KEPT, 500 - KEPT as i64), "the oldest go");
}

#[test]
fn the_recommendation_says_whose_word_it_rests_on() {
    let (east, now) = fed("oai-eastus", Tier::T1, times(40, &ok()).chain(times(20, &silent())));
    let (west, _) = fed("oai-westeurope", Tier::T1, times(60, &ok()));
    let (witness, _) = fed("one", Tier::T1, times(60, &ok()));
    let region = |name: &str, role, d| RegionInput {
        region: Region::new(name),
        role,
        endpoints: vec![d],
        arm: None,
        provisioning: None,
    };
    let judged = |text: &str| {
        let reader = Reader { now, ..Reader::new().knows("Ben", 1) };
        let inputs = Inputs {
            now,
            regions: vec![
                region("eastus", Role::Primary, (&east).into()),
                region("westeurope", Role::Secondary, (&west).into()),
            ],
            witnesses: vec![&witness],
            colleagues: reader.take(text).map(|t| t.sightings).unwrap_or_default(),
            decision: Decision { rto: Some(Millis::from_mins(30)), tier: Some(Tier::T1), ..Decision::default() },
            ..Inputs::default()
        };
        (assess(&inputs), inputs.colleagues.len())
    };
    let of = |seed, state| signed(&Block { at: now, ..block("Ben", vec![line("eastus", state)]) }, seed);
    for (text, advice, want) in [
        (of(1, State::Down), Advice::FailOver, "Second vantage point: Ben, from Berlin office (signed)."),
        ("Ben: East US down".to_owned(), Advice::FailOver, "Second vantage point: Ben (unsigned)."),
        (of(2, State::Down), Advice::Confirm, "ask Ben whether that key is theirs"),
        (of(2, State::Ok), Advice::Confirm, "a second vantage point"),
        (of(1, State::Down).replace("key: ", "x: ").replace("signature: ", "y: "), Advice::Confirm, "ask Ben"),
        (of(1, State::Ok), Advice::Confirm, "find out why Ben reaches East US"),
    ] {
        let (a, colleagues) = judged(&text);
        assert_eq!((a.recommend.advice, colleagues), (advice, 1), "{text}{}", a.recommend.sentence);
        assert!(a.recommend.sentence.contains(want), "{want}: {}", a.recommend.sentence);
        assert_eq!(a.regions[0].disagreement, text == of(1, State::Ok), "what does not count contradicts nothing");
    }
    // And the other way round: what is believed here, as lines for others.
    let (a, _) = judged("");
    let inputs = Inputs { now, regions: vec![region("eastus", Role::Primary, (&east).into())], ..Inputs::default() };
    let lines = Line::all(&inputs, &a);
    assert_eq!((lines[0].state, lines[0].calls.as_str()), (State::Down, "20 of 21 calls fail"));
    assert!(lines[0].since.is_some() && lines[0].reason.contains("no answer in time"), "{:?}", lines[0]);
}

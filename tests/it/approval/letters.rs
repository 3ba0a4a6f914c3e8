//! Blocks and pictures that were forged, changed, confused, cut or made to hurt; and those that only travelled badly.

use std::io::Write;

use base64::Engine;
use lifeboat::approval::{
    Answer, ApprovalError, Asks, Here, Request, Signed, Verdict, join, judge, known, new_colleague, split,
};
use lifeboat::export::qr;
use lifeboat::health::sighting::Colleague;

use super::{People, STEP, asked, colleague, device, live};
use crate::run::BEGIN;

fn request(people: &People) -> Signed<Request> {
    people.request(&asked(people), STEP)
}

fn kind<T>(result: Result<T, ApprovalError>) -> String {
    match result {
        Ok(_) => "fine".to_owned(),
        Err(e) => format!("{e:?}").chars().take_while(|c| c.is_alphanumeric()).collect(),
    }
}

#[test]
fn a_block_survives_mail_and_chats() {
    let people = People::new();
    let r = request(&people);
    let block = r.block().unwrap();
    assert!(block.lines().all(|l| l.len() <= 64) && block.len() < 4_000, "{block}");
    let quoted: String = block.lines().map(|l| format!("> > {l}\r\n")).collect();
    let wrapped: String =
        block.chars().collect::<Vec<_>>().chunks(17).map(|c| c.iter().collect::<String>() + "\n").collect();
    // A header that was wrapped within a word cannot be told; between words it can.
    let wrapped = wrapped.replace('\n', "");
    let spaced = block.replace("approval request", "approval\n> request");
    for text in [
        block.clone(),
        format!("Hi Ben, please:\n\n{block}\nThanks! “Ada”"),
        quoted,
        wrapped,
        spaced,
        block.replace('\n', "\u{2028}\u{200b}\n\u{feff}"),
        block.lines().map(|l| format!("| {l} |\n")).collect(),
        block.replace('\n', "=\n"),
    ] {
        assert_eq!(Signed::<Request>::read(&text).as_ref().map(Signed::hash), Ok(r.hash()), "{text}");
    }
}

#[test]
fn what_is_not_a_whole_untouched_block_is_refused_with_a_sentence() {
    let people = People::new();
    let r = request(&people);
    let (block, answer) = (r.block().unwrap(), people.yes(&r).block().unwrap());
    let half = &block[..block.len() / 2];
    let headless = block.split_once('\n').unwrap().1;
    let bomb = {
        let mut z = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        (0..3_000).for_each(|_| z.write_all(&[b' '; 1024]).unwrap());
        base64::engine::general_purpose::STANDARD_NO_PAD.encode(z.finish().unwrap())
    };
    let holding = |inside: &str| format!("[Lifeboat approval request 1]\n{inside}\n[end of Lifeboat approval request]");
    let cases: Vec<(&str, String, &str)> = vec![
        ("nothing", String::new(), "NoBlock"),
        ("something else", "yes, go ahead".to_owned(), "NoBlock"),
        ("an answer where a request is wanted", answer.clone(), "OtherKind"),
        ("cut off", half.to_owned(), "CutOff"),
        ("without its head", headless.to_owned(), "Damaged"),
        ("two at once", format!("{block}{block}"), "Several"),
        ("one in the other", block.replacen('\n', &format!("\n{block}"), 1), "Several"),
        ("later version", block.replace("request 1]", "request 2]"), "Newer"),
        ("endless version", block.replace("request 1]", &format!("request {}", "1".repeat(99))), "Damaged"),
        ("larger than any", format!("{block}{}", " ".repeat(2 << 20)), "TooLarge"),
        ("a small one that unpacks to more", holding(&bomb), "TooLarge"),
        ("empty inside", holding(""), "Damaged"),
        ("not packed", holding("SGVsbG8"), "Damaged"),
    ];
    for (what, text, wanted) in cases {
        let got = Signed::<Request>::read(&text);
        assert_eq!(kind(got.clone()), wanted, "{what}: {got:?}");
    }
    assert_eq!(kind(Signed::<Answer>::read(&block)), "OtherKind");
    // Each sign of it changed, one after the other: never believed, never a panic.
    let packed = r.packed().unwrap();
    for n in (0..packed.len()).step_by(7) {
        let mut bytes = packed.clone().into_bytes();
        bytes[n] = if bytes[n] == b'A' { b'B' } else { b'A' };
        let text = String::from_utf8(bytes).unwrap();
        let got = Signed::<Request>::unpack(&text);
        // The last sign has bits that mean nothing.
        assert!(got.is_err() || n + 2 > packed.len(), "sign {n} of {}", packed.len());
    }
}

/// A letter whose inside somebody edited, with the old signature.
fn edited(r: &Signed<Request>, from: &str, to: &str) -> String {
    let bytes = base64::engine::general_purpose::STANDARD_NO_PAD.decode(r.packed().unwrap()).unwrap();
    let mut json = String::new();
    std::io::Read::read_to_string(&mut flate2::read::ZlibDecoder::new(bytes.as_slice()), &mut json).unwrap();
    assert!(json.contains(from), "{json}");
    let mut z = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    z.write_all(json.replace(from, to).as_bytes()).unwrap();
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(z.finish().unwrap())
}

#[test]
fn one_byte_of_what_is_shown_is_another_request() {
    let people = People::new();
    let r = request(&people);
    for (from, to) in [
        ("management.azure.com/one", "management.azure.com/onE"),
        ("\\\"method\\\":\\\"PUT\\\"", "\\\"method\\\":\\\"PUt\\\""),
        ("run-7F3K", "run-7F3L"),
        ("contoso", "contosO"),
        ("\\\"mode\\\":\\\"live\\\"", "\\\"mode\\\":\\\"rehearsal\\\""),
    ] {
        assert_eq!(kind(Signed::<Request>::unpack(&edited(&r, from, to))), "Changed", "{from}");
    }
    assert_eq!(kind(Signed::<Request>::unpack(&edited(&r, "\"body\":", "\"more\":1,\"body\":"))), "Damaged");
    assert_eq!(
        kind(Signed::<Request>::unpack(&edited(&r, "\\\"nonce\\\":", "\\\"extra\\\":1,\\\"nonce\\\":"))),
        "Damaged"
    );
}

#[test]
fn whoever_is_asked_signs_only_what_is_honest_known_and_in_time() {
    let people = People::new();
    let r = request(&people);
    let here = people.at_bens();
    assert_eq!(judge(r.what(), &here), Ok(()));
    let with = |edit: fn(&mut Request)| {
        let mut what = r.what().clone();
        edit(&mut what);
        Signed::new(what, &people.ada).unwrap()
    };
    // Ada herself, or whoever has her laptop, shows something else than she asks about.
    let other_change = with(|r| {
        let Asks::Send { changes, .. } = &mut r.asks else { panic!() };
        changes[0].body = Some("{}".to_owned());
    });
    let other_plan = with(|r| r.plan.digest = "0".repeat(64));
    let other_step = with(|r| r.step.id = "AO-F5".to_owned());
    let numberless = with(|r| r.nonce.clear());
    let nameless = with(|r| r.typed_name = Some(" ".to_owned()));
    let timeless = with(|r| r.scenario = true);
    let for_days = with(|r| r.until += 86_400_000);
    let stranger = device(9);
    let mut theirs = r.what().clone();
    theirs.key = stranger.public().clone();
    theirs.from = "Ada".to_owned();
    let theirs = Signed::new(theirs, &stranger).unwrap();
    let at = |now| Here { now, ..people.at_bens() };
    let cases: Vec<(&str, &Signed<Request>, Here<'_>, &str)> = vec![
        ("shows another change", &other_change, here.clone(), "Misleading"),
        ("other plan", &other_plan, here.clone(), "Misleading"),
        ("other step", &other_step, here.clone(), "Misleading"),
        ("no number", &numberless, here.clone(), "Misleading"),
        ("a name that is typed by typing nothing", &nameless, here.clone(), "Misleading"),
        ("live, by a scenario's clock", &timeless, here.clone(), "Misleading"),
        ("longer than there is", &for_days, here.clone(), "Misleading"),
        ("Ada's name with another key", &theirs, here.clone(), "UnknownKey"),
        ("nobody known", &r, Here { known: &[], ..here.clone() }, "UnknownKey"),
        ("made on this laptop", &r, Here { mine: Some(people.ada.public()), ..here.clone() }, "MadeHere"),
        ("expired", &r, at(BEGIN + 900_001), "Expired"),
        ("from the future", &r, at(BEGIN - 600_000), "Future"),
    ];
    for (what, r, here, wanted) in cases {
        assert_eq!(kind(judge(r.what(), &here)), wanted, "{what}");
        let signed = Answer::to(
            r,
            Verdict::Agreed,
            None,
            "Ben",
            &here,
            if wanted == "MadeHere" { &people.ada } else { &people.ben },
        );
        assert_eq!(kind(signed), wanted, "{what}");
    }
    let named = with(|r| r.typed_name = Some("oai-prod".to_owned()));
    for typed in [None, Some("yes"), Some("oai-Prod")] {
        let got = Answer::to(&named, Verdict::Agreed, typed, "Ben", &here, &people.ben);
        assert_eq!(kind(got), "Typed");
    }
    assert!(Answer::to(&named, Verdict::Agreed, Some("oai-prod"), "Ben", &here, &people.ben).is_ok());
    assert_eq!(kind(Answer::to(&r, Verdict::Refused(" ".to_owned()), None, "Ben", &here, &people.ben)), "Reason");
    // A letter that names a key that is not the signer's is not made at all.
    assert_eq!(kind(Signed::new(r.what().clone(), &people.ben)), "Key");
}

#[test]
fn an_answer_counts_for_its_request_alone_and_by_a_known_key_that_is_not_the_operators() {
    let people = People::new();
    let b = asked(&people);
    let r = people.request(&b, STEP);
    let here = people.at_adas();
    let yes = people.yes(&r);
    let proof = yes.proof(&r, &here).unwrap();
    assert_eq!((proof.name.as_str(), proof.request == r.hash(), proof.same_device), ("Ben", true, false));

    let asked_again = {
        let mut b = live(&people);
        super::ask(&mut b, 5).unwrap();
        people.request(&b, STEP)
    };
    let other_run = {
        let mut what = r.what().clone();
        what.run = "run-0000".to_owned();
        Signed::new(what, &people.ada).unwrap()
    };
    let forged = |edit: fn(&mut Answer)| {
        let mut a = yes.what().clone();
        edit(&mut a);
        Signed::new(a, &people.ben).unwrap()
    };
    let by = |who: &lifeboat::approval::Device| {
        let mut a = yes.what().clone();
        a.key = who.public().clone();
        Signed::new(a, who).unwrap()
    };
    let stranger = device(9);
    type Case<'a> = (&'a str, Signed<Answer>, &'a Signed<Request>, Here<'a>, &'a str);
    let cases: Vec<Case<'_>> = vec![
        ("an answer to an earlier question", yes.clone(), &asked_again, here.clone(), "OtherRequest"),
        ("an answer to another run", yes.clone(), &other_run, here.clone(), "OtherRun"),
        ("another step", forged(|a| a.step = "AO-F5".to_owned()), &r, here.clone(), "OtherRequest"),
        ("another digest", forged(|a| a.digest = "0".repeat(64)), &r, here.clone(), "OtherRequest"),
        ("another request's hash", forged(|a| a.request = "0".repeat(64)), &r, here.clone(), "OtherRequest"),
        ("another number", forged(|a| a.nonce = "0".repeat(32)), &r, here.clone(), "OtherRequest"),
        ("Ben's name with another key", by(&stranger), &r, here.clone(), "UnknownKey"),
        ("Ada's key with Ben's name", by(&people.ada), &r, here.clone(), "OwnKey"),
        ("too late", yes.clone(), &r, Here { now: BEGIN + 900_001, ..here.clone() }, "Expired"),
        ("forgotten meanwhile", yes.clone(), &r, Here { known: &[], ..here.clone() }, "UnknownKey"),
    ];
    for (what, answer, request, here, wanted) in cases {
        assert_eq!(kind(answer.proof(request, &here)), wanted, "{what}");
    }
    // Under whatever name they sign, the record has the one that is known here.
    assert_eq!(forged(|a| a.name = "Cleo".to_owned()).proof(&r, &here).unwrap().name, "Ben");
}

#[test]
fn a_line_makes_a_key_known_and_no_other_takes_its_place() {
    let people = People::new();
    let line = people.ben.line("Ben O'Brien");
    let them = known(&format!("> here you go:\n> {}", line.replace('\'', "’").replace(": ", ":\n> "))).unwrap();
    assert_eq!(
        (them.name.as_str(), &them.key, them.pair),
        ("Ben O’Brien", people.ben.public(), Some(people.ben.pair()))
    );
    let mut bytes = line.clone();
    let last = bytes.pop().unwrap();
    bytes.push(if last == 'A' { 'Q' } else { 'A' });
    for wrong in
        [String::new(), "Ben".to_owned(), line.replace("Ben", "Cleo"), line[..90].to_owned(), bytes, "x".repeat(5_000)]
    {
        assert_eq!(kind(known(&wrong)), "Line", "{wrong}");
    }
    let mut list = vec![colleague("Ben", &people.ben)];
    assert_eq!(kind(new_colleague(&mut list, None, colleague("ben", &people.cleo))), "OtherKey");
    assert_eq!(kind(new_colleague(&mut list, Some(people.ada.public()), colleague("Ada", &people.ada))), "Mine");
    list[0].pair = None;
    assert_eq!(new_colleague(&mut list, None, colleague("Ben", &people.ben)), Ok(true));
    assert_eq!(new_colleague(&mut list, None, colleague("Ben", &people.ben)), Ok(false));
    assert_eq!((list.len(), list[0].pair), (1, Some(people.ben.pair())));
}

#[test]
fn one_name_has_one_key_however_it_is_written() {
    let people = People::new();
    let mut list = vec![colleague("Ben O'Brien", &people.ben)];
    let before = list.clone();
    // As a colleague writes it, and as a chat does.
    for name in ["Ben O'Brien", " ben o'brien ", "BEN O’BRIEN", "Ben-O Brien"] {
        let error = new_colleague(&mut list, None, colleague(name, &people.cleo)).unwrap_err().to_string();
        for part in [
            "Ben O'Brien is known here",
            &people.ben.public().fingerprint(),
            &people.cleo.public().fingerprint(),
            "by another way",
            "forget the old key",
        ] {
            assert!(error.contains(part), "{name}: {part}: {error}");
        }
    }
    assert_eq!(list, before);
    // Names without letters are no one's in common.
    assert_eq!(new_colleague(&mut list, None, colleague("🐙", &people.cleo)), Ok(true));
    assert_eq!(new_colleague(&mut list, None, colleague("🦑", &people.ada)), Ok(true));
    // Nobody takes the name of another by a new line of their own key.
    assert_eq!(kind(new_colleague(&mut list, None, colleague("ben o'brien", &people.cleo))), "OtherKey");
    // A sighting tells of one key only: the other one stays.
    let heard = Colleague { pair: None, ..colleague("Ben O'Brien", &people.ben) };
    assert_eq!(new_colleague(&mut list, None, heard), Ok(false));
    assert_eq!(list[0], before[0]);
}

#[test]
fn a_request_goes_through_pictures_and_parts_of_two_are_not_joined() {
    let people = People::new();
    let r = request(&people);
    let parts = split(&r.packed().unwrap()).unwrap();
    assert!(parts.len() > 1 && parts.len() < 6, "{}", parts.len());
    let mut read = Vec::new();
    for (n, part) in parts.iter().enumerate().rev() {
        let (width, dark) = qr::squares(part).unwrap();
        let png = qr::png(width, &dark).unwrap();
        assert!(qr::is_picture(&png));
        let bytes = if n % 2 == 0 {
            png
        } else {
            let picture = image::load_from_memory(&png).unwrap().to_rgb8();
            let mut jpeg = std::io::Cursor::new(Vec::new());
            picture.write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
            jpeg.into_inner()
        };
        read.extend(qr::read(bytes).unwrap());
    }
    let whole = join(read.iter().map(String::as_str)).unwrap();
    assert_eq!(Signed::<Request>::unpack(&whole).unwrap().hash(), r.hash());

    let other = split(&people.yes(&r).packed().unwrap()).unwrap();
    let mut tampered = parts.clone();
    let last = tampered[0].pop().unwrap();
    tampered[0].push(if last == 'A' { 'B' } else { 'A' });
    let mixed = [parts[0].clone(), other[0].clone()];
    let numbered = |text: &str| vec![parts[0].replacen("1/", text, 1)];
    let cases: Vec<(&str, Vec<String>, &str)> = vec![
        ("nothing", Vec::new(), "no picture of a Lifeboat request"),
        ("something else", vec!["https://example.com".to_owned()], "no picture of a Lifeboat request"),
        ("one missing", parts[1..].to_vec(), "part 1 of"),
        ("one changed", tampered.clone(), "changed, or misread"),
        ("one changed, and again", [parts.clone(), tampered].concat(), "differs"),
        ("of two requests", mixed.to_vec(), "two requests"),
        ("part none", numbered("0/"), "cannot be"),
        ("part of too many", numbered("1/9"), "cannot be"),
        ("no number", numbered("one/"), "which part"),
    ];
    for (what, texts, wanted) in cases {
        let e = join(texts.iter().map(String::as_str)).unwrap_err().to_string();
        assert!(e.contains(wanted), "{what}: {e}");
    }
    assert!(split(&"A".repeat(100_000)).is_none(), "too much for pictures");
    let png = {
        let (w, d) = qr::squares(&parts[0]).unwrap();
        qr::png(w, &d).unwrap()
    };
    for bytes in [Vec::new(), b"GIF89a".to_vec(), png[..png.len() / 2].to_vec(), vec![0x89; 64]] {
        assert!(qr::read(bytes).is_err());
    }
    assert!(qr::squares(&"A".repeat(4_000)).is_err());
}

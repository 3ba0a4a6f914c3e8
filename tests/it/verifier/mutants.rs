//! Journals changed at random, by accident's means and by a forger's.

use lifeboat::journal::segment_name;
use lifeboat::record::Checkpoint;
use serde_json::json;

use super::Random;
use super::bases::Base;
use super::forger::{Files, Signer, bodies, body_of, line_of, names_a_key, rebuilt, relink, signed, split, withheld};

/// What is handed to both verifiers.
pub struct Mutant {
    /// What was done, for whoever has to find out why two verifiers disagree.
    pub what: String,
    pub files: Files,
    pub beside: Option<Vec<u8>>,
    pub evidence: Vec<(String, Vec<u8>)>,
    /// Text of a checkpoint from elsewhere.
    pub outside: Option<String>,
    /// Keys known from elsewhere.
    pub keys: Vec<String>,
    /// Only this file, alone.
    pub lone: Option<usize>,
}

type Change = fn(&mut Mutant, &mut Random, &[Base]);

const CHANGES: [(&str, Change); 24] = [
    ("bit", bit),
    ("byte", byte),
    ("delete", delete),
    ("swap", swap),
    ("double", double),
    ("splice", splice),
    ("cut", cut),
    ("torn", torn),
    ("zeros", zeros),
    ("noise", noise),
    ("edit one", |m, r, _| edit(m, r, false)),
    ("edit and rehash", |m, r, _| edit(m, r, true)),
    ("odd", odd),
    ("roll back", roll_back),
    ("drop file", drop_file),
    ("empty file", empty_file),
    ("renumber", renumber),
    ("beside", beside),
    ("evidence", evidence),
    ("withhold", withhold),
    ("signatures", signatures),
    ("forge", |m, r, _| by_line(m, r, |l, r| forge(l, r))),
    ("drop checkpoint", drop_checkpoint),
    ("other log", other_log),
];

/// Of any base, changed in one to three ways; one in thirty is left as it was.
pub fn mutant(bases: &[Base], seed: u64) -> Mutant {
    let mut r = Random(seed);
    let base = &bases[r.below(bases.len())];
    let mut m = Mutant {
        what: base.name.to_owned(),
        files: base.files.clone(),
        beside: base.beside.clone().map(String::into_bytes),
        evidence: base.evidence.clone(),
        outside: None,
        keys: Vec::new(),
        lone: None,
    };
    if r.below(3) == 0 {
        let kept = &base.outside;
        m.outside = (!kept.is_empty()).then(|| kept[r.below(kept.len())].to_string());
    }
    // Signed by hand, by the words of the format alone.
    let signer = Signer::new(1);
    if r.below(4) == 0
        && let Some((files, checkpoint)) = signed(&m.files, &signer)
    {
        m.what.push_str(", signed");
        (m.files, m.beside) = (files, Some(checkpoint.clone().into_bytes()));
        m.outside = (r.below(3) > 0).then_some(checkpoint);
    }
    m.keys = match r.below(6) {
        0 => vec![Signer::new(7).key()],
        1 | 2 if names_a_key(&m.files) => vec![signer.key()],
        3 if names_a_key(&m.files) => vec![Signer::new(2).key(), signer.key().to_uppercase()],
        _ => Vec::new(),
    };
    let ways = [1, 1, 1, 2, 3, usize::from(r.below(5) > 0)][r.below(6)];
    for _ in 0..ways {
        let (name, change) = CHANGES[r.below(CHANGES.len())];
        m.what.push_str(&format!(", {name}"));
        change(&mut m, &mut r, bases);
    }
    match r.below(12) {
        0 if !m.files.is_empty() => {
            m.lone = Some(r.below(m.files.len()));
            m.what.push_str(", one file alone");
        }
        1 => {
            let other = &bases[r.below(bases.len())];
            m.outside = other.outside.last().map(Checkpoint::to_string);
            m.what.push_str(", another checkpoint");
        }
        2 | 3 => m.outside = m.outside.map(|text| seen(text, &mut r)),
        4 => m.outside = m.outside.map(|t| t.replacen('\n', "\r\n ", 1 + r.below(3))),
        _ => {}
    }
    m
}

/// Somebody saw the checkpoint; now and then another one, or under another name.
fn seen(text: String, r: &mut Random) -> String {
    let lines = text.lines().take(3).map(|l| format!("{l}\n")).collect::<String>();
    let line = Signer::new(4).witness_line(&lines, 1_790_000_000);
    let blank = if text.contains("\n\n") { "" } else { "\n" };
    let seen = format!("{text}{blank}{line}");
    match r.below(4) {
        0 => seen.replacen("witness/", "witness/0", 1),
        1 => seen.replacen('1', "2", 1),
        _ => seen,
    }
}

fn pick(m: &mut Mutant, r: &mut Random) -> Option<usize> {
    let full: Vec<usize> = (0..m.files.len()).filter(|i| !m.files[*i].1.is_empty()).collect();
    (!full.is_empty()).then(|| full[r.below(full.len())])
}

/// Changes the bytes of a file that has some.
fn bytes(m: &mut Mutant, r: &mut Random, change: impl FnOnce(&mut Vec<u8>, &mut Random)) {
    if let Some(i) = pick(m, r) {
        change(&mut m.files[i].1, r);
    }
}

/// Changes the lines of a file that has some.
fn by_line(m: &mut Mutant, r: &mut Random, change: impl FnOnce(&mut Vec<Vec<u8>>, &mut Random)) {
    bytes(m, r, |b, r| {
        let mut lines = split(b);
        change(&mut lines, r);
        *b = lines.concat();
    });
}

fn bit(m: &mut Mutant, r: &mut Random, _: &[Base]) {
    bytes(m, r, |b, r| {
        let at = r.below(b.len());
        b[at] ^= 1 << r.below(8);
    });
}

fn byte(m: &mut Mutant, r: &mut Random, _: &[Base]) {
    bytes(m, r, |b, r| {
        let at = r.below(b.len());
        b[at] = [0, b'\n', b'\r', b'"', 0xff, b' '][r.below(6)];
    });
}

fn delete(m: &mut Mutant, r: &mut Random, _: &[Base]) {
    by_line(m, r, |l, r| drop(l.remove(r.below(l.len()))));
}

fn swap(m: &mut Mutant, r: &mut Random, _: &[Base]) {
    by_line(m, r, |l, r| {
        let (a, b) = (r.below(l.len()), r.below(l.len()));
        l.swap(a, b);
    });
}

fn double(m: &mut Mutant, r: &mut Random, _: &[Base]) {
    by_line(m, r, |l, r| {
        let line = l[r.below(l.len())].clone();
        l.insert(r.below(l.len() + 1), line);
    });
}

fn splice(m: &mut Mutant, r: &mut Random, bases: &[Base]) {
    let other = &bases[r.below(bases.len())];
    let theirs = split(&other.files[r.below(other.files.len())].1);
    by_line(m, r, |l, r| {
        let (from, at) = (r.below(theirs.len()), r.below(l.len()));
        let some = theirs.iter().skip(from).take(1 + r.below(4)).cloned();
        let over = if r.below(2) == 0 { at } else { (at + 1 + r.below(3)).min(l.len()) };
        l.splice(at..over, some);
        if r.below(2) == 0 {
            relink(l, at);
        }
    });
}

fn cut(m: &mut Mutant, r: &mut Random, _: &[Base]) {
    bytes(m, r, |b, r| b.truncate(r.below(b.len())));
}

/// Sectors that never reached the disk, near the end.
fn torn(m: &mut Mutant, r: &mut Random, _: &[Base]) {
    let Some((_, b)) = m.files.last_mut() else { return };
    let from = b.len().saturating_sub(r.below(5_000)) / 512 * 512;
    for sector in b[from..].chunks_mut(512) {
        if r.below(2) == 0 {
            sector.fill(0);
        }
    }
}

fn zeros(m: &mut Mutant, r: &mut Random, _: &[Base]) {
    bytes(m, r, |b, r| b.extend(std::iter::repeat_n(0, r.below(900))));
}

fn noise(m: &mut Mutant, r: &mut Random, _: &[Base]) {
    by_line(m, r, |l, r| {
        let long = "y".repeat(70_000);
        let some =
            ["\n", "{}\n", "# a note\n", "{\"r\":{\"act", "{\"h\":\"\"}\n", "\u{0}\n", "null", &long][r.below(8)];
        l.insert(r.below(l.len() + 1), some.as_bytes().to_vec());
    });
}

/// Other words in a record, with a hash that fits; `through`: and all behind it too.
fn edit(m: &mut Mutant, r: &mut Random, through: bool) {
    by_line(m, r, |l, r| {
        let at = r.below(l.len());
        let Some(body) = body_of(&l[at]) else { return };
        let Ok(mut value) = serde_json::from_slice::<serde_json::Value>(body) else { return };
        match r.below(6) {
            0 => value["d"] = json!({ "text": "approved" }),
            1 => value["ts"] = json!(r.below(1 << 40)),
            2 => value["kind"] = json!(["note", "log.fancy", "log.segment", "log.checkpoint", "log.key"][r.below(5)]),
            3 => value["first"] = json!(r.below(80)),
            4 => value["seq"] = json!(r.below(80)),
            _ => {
                let cause = ["failed_write", "damaged", "else"][r.below(3)];
                value["d"] = json!({ "cause": cause, "note": "" });
            }
        }
        l[at] = line_of(value.to_string().as_bytes());
        if through {
            relink(l, at + 1);
        }
    });
}

/// A body that is not quite a record's, with a hash that fits.
fn odd(m: &mut Mutant, r: &mut Random, _: &[Base]) {
    const ODD: [(&str, &str); 22] = [
        (r#""d":"#, r#""d":[1],"e":"#),
        (r#""d":{"#, r#""d":{"list":DEEP,"#),
        (r#""v":1"#, r#""v":2"#),
        (r#""v":1"#, r#""v":1.0"#),
        (r#""v":1"#, r#""v":1e0"#),
        (r#""v":1"#, r#""v":true"#),
        (r#""v":1"#, r#""v":1,"v":1"#),
        (r#""v":1"#, r#""v":1,"zz":1,"zz":[NaN]"#),
        (r#""v":1"#, r#""v":1,"zz":1,"zz":{}"#),
        (r#""v":1"#, r#""v":1,"zz":-0"#),
        (r#""v":1"#, r#""v":1,"zz":123456789012345678901234567890"#),
        (r#""v":1"#, r#""v":1,"zz":"\ud800""#),
        (r#""seq":"#, r#""seq":-"#),
        (r#""seq":"#, r#""seq":0"#),
        (r#""mono":"#, r#""mono":99999999999999999999"#),
        (r#""kind":""#, r#""kind":"\ud800"#),
        (r#""kind":""#, r#""kind": "\u006c"#),
        (r#""d":"#, r#""e":"#),
        (r#""d":"#, r#" "d" : "#),
        (r#""boot":""#, r#""step":null,"first":null,"at":null,"boot":""#),
        (r#""ts":"#, r#""ts":-"#),
        (r#""dev":""#, "\"dev\":\"\t"),
    ];
    by_line(m, r, |l, r| {
        let at = r.below(l.len());
        let Some(body) = body_of(&l[at]).and_then(|b| std::str::from_utf8(b).ok()) else { return };
        let (old, new) = ODD[r.below(ODD.len())];
        // As deep as a record may be, or one deeper; brackets in text count for nothing.
        let depth = 31 + r.below(2);
        let deep = format!("{}\"]]{{{{\\\"[[\"{}", "[".repeat(depth), "]".repeat(depth));
        l[at] = line_of(body.replacen(old, &new.replace("DEEP", &deep), 1).as_bytes());
        if r.below(2) == 0 {
            relink(l, at + 1);
        }
    });
}

/// A file as it was earlier.
fn roll_back(m: &mut Mutant, r: &mut Random, _: &[Base]) {
    by_line(m, r, |l, r| l.truncate(1 + r.below(l.len())));
}

fn drop_file(m: &mut Mutant, r: &mut Random, _: &[Base]) {
    if m.files.len() > 1 {
        m.files.remove(r.below(m.files.len()));
    }
}

fn empty_file(m: &mut Mutant, r: &mut Random, _: &[Base]) {
    if r.below(2) == 0 {
        let last = m.files.last().map_or(0, |(n, _)| *n);
        m.files.push((last + 1, [&b""[..], b"\0\0", b"{\"r", b"\n"][r.below(4)].to_vec()));
    } else if let Some(i) = pick(m, r) {
        m.files[i].1.clear();
    }
}

fn renumber(m: &mut Mutant, r: &mut Random, _: &[Base]) {
    let by = 1 + r.below(3) as u64;
    let from = r.below(m.files.len());
    m.files.iter_mut().skip(from).for_each(|(n, _)| *n += by);
}

fn beside(m: &mut Mutant, r: &mut Random, bases: &[Base]) {
    let other = bases[r.below(bases.len())].outside.first().map(|c| c.to_string().into_bytes());
    let Some(text) = &mut m.beside else { return };
    match r.below(4) {
        0 => m.beside = None,
        1 => m.beside = other,
        _ => {
            let at = r.below(text.len());
            text[at] ^= 1 << r.below(8);
        }
    }
}

fn evidence(m: &mut Mutant, r: &mut Random, _: &[Base]) {
    if m.evidence.is_empty() {
        return;
    }
    let at = r.below(m.evidence.len());
    match r.below(3) {
        0 => drop(m.evidence.remove(at)),
        1 => m.evidence[at].1.push(b'!'),
        _ => m.evidence[at].1.clear(),
    }
}

/// Content taken out, as a copy for others has it; now and then not as it may be.
fn withhold(m: &mut Mutant, r: &mut Random, _: &[Base]) {
    by_line(m, r, |l, r| {
        let (at, n) = (r.below(l.len()), 1 + r.below(3));
        for line in l.iter_mut().skip(at).take(n) {
            let Some(mut new) = withheld(line) else { continue };
            match r.below(10) {
                0 => new.make_ascii_uppercase(),
                1 => new.insert(6, b'0'),
                2 => new.insert(0, b' '),
                3 => new[10] ^= 1,
                _ => {}
            }
            *line = new;
        }
    });
}

/// Checkpoints signed by others, or by nobody, or twice; keys that come and go.
fn signatures(m: &mut Mutant, r: &mut Random, _: &[Base]) {
    let Some(mut all) = bodies(&m.files) else { return };
    let (old, new) = (Signer::new(1), Signer::new(2));
    let keys: Vec<usize> = (0..all.len()).filter(|i| all[*i].1["kind"] == "log.key").collect();
    let at = 1 + r.below(all.len());
    let (file, mut own) = all[at - 1].clone();
    own["kind"] = json!("log.key");
    let mut insert = |d| {
        own["d"] = d;
        all.insert(at, (file, own.clone()));
    };
    let rotated = old.rotated(&new, r.below(3) > 0);
    match r.below(8) {
        0 => insert(old.used()),
        1 => insert(new.used()),
        2 | 3 => insert(rotated),
        4 => {
            let mut d = rotated;
            let name = ["signed_by_old", "signed_by_new", "old", "key", "event"][r.below(5)];
            d[name] = [json!(null), json!("0".repeat(128)), json!(new.key()), json!(7)][r.below(4)].clone();
            insert(d);
        }
        5 if !keys.is_empty() => drop(all.remove(keys[0])),
        _ => {}
    }
    let signers: Vec<&Signer> = match r.below(4) {
        0 => vec![],
        1 => vec![&new],
        _ => vec![&old, &new],
    };
    let (files, checkpoint) = rebuilt(all, &signers);
    m.files = files;
    if r.below(2) == 0 {
        m.beside = Some(checkpoint.clone().into_bytes());
        m.outside = Some(checkpoint);
    }
    if r.below(2) == 0 {
        m.keys.push(new.key());
    }
    if r.below(2) == 0 {
        by_line(m, r, |l, r| forge(l, r));
    }
}

/// Changes a signature line in a recorded note.
fn forge(l: &mut [Vec<u8>], r: &mut Random) {
    for i in 0..l.len() {
        let Some(body) = body_of(&l[i]).and_then(|b| std::str::from_utf8(b).ok()) else { continue };
        let Some(at) = body.find("\u{2014} ") else { continue };
        let end = at + body[at..].find("\\n").unwrap_or(0);
        let line = body[at..end].to_owned();
        let (text, rest) = (&body[..at], &body[end + 2..]);
        let new = match r.below(12) {
            0 => format!("{text}{rest}"),
            1 => format!("{text}{line}\\n{line}\\n{rest}"),
            2 => format!("{text}{}\\n{rest}", line.replace("lifeboat/", "lifeboat-x/")),
            3 => format!("{text}{}A==\\n{rest}", &line[..line.len() - 4]),
            4 => format!("{text}{}\\n{rest}", line.replace('/', "+")),
            // Another signature of the same key and length: only arithmetic tells that it does not hold.
            5..=10 => {
                let at = line.len() - 20 - r.below(50);
                let other = if &line[at..=at] == "A" { "B" } else { "A" };
                format!("{text}{}{other}{}\\n{rest}", &line[..at], &line[at + 1..])
            }
            _ => format!("{text}\u{2014} somebody AAAAAAA=\\n{line}\\n{rest}"),
        };
        l[i] = line_of(new.as_bytes());
        relink(l, i + 1);
        return;
    }
}

fn drop_checkpoint(m: &mut Mutant, r: &mut Random, _: &[Base]) {
    let Some(mut all) = bodies(&m.files) else { return };
    let noted: Vec<usize> = (0..all.len()).filter(|i| all[*i].1["kind"] == "log.checkpoint").collect();
    if !noted.is_empty() {
        all.remove(noted[r.below(noted.len())]);
        m.files = rebuilt(all, &[&Signer::new(1), &Signer::new(2)]).0;
    }
}

fn other_log(m: &mut Mutant, r: &mut Random, _: &[Base]) {
    let Some(mut all) = bodies(&m.files) else { return };
    let from = if r.below(2) == 0 { 0 } else { r.below(all.len()) };
    for (_, body) in &mut all[from..] {
        body["log"] = json!("another");
        if r.below(4) > 0 {
            body["run"] = json!("another");
        }
    }
    m.files = rebuilt(all, &[&Signer::new(1), &Signer::new(2)]).0;
}

impl Mutant {
    /// Lays it down in a folder; returns what to verify and the file with the checkpoint from elsewhere.
    pub fn lay(&self, dir: &std::path::Path) -> (std::path::PathBuf, Option<std::path::PathBuf>) {
        let run = dir.join("run");
        std::fs::create_dir_all(run.join("evidence")).unwrap();
        for (number, bytes) in &self.files {
            std::fs::write(run.join(segment_name(*number)), bytes).unwrap();
        }
        for (name, bytes) in &self.evidence {
            std::fs::write(run.join("evidence").join(name), bytes).unwrap();
        }
        if let Some(text) = &self.beside {
            std::fs::write(run.join("checkpoint"), text).unwrap();
        }
        let outside = self.outside.as_ref().map(|text| {
            let file = dir.join("outside");
            std::fs::write(&file, text).unwrap();
            file
        });
        let path = self.lone.map_or(run.clone(), |i| run.join(segment_name(self.files[i].0)));
        (path, outside)
    }
}

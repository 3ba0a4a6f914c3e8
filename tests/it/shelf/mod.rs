//! The shelf, through a real desk: files and folders that are opened, kept, changed by others, and plans that are filled in.

mod editor;
mod inventory;
mod live;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lifeboat::azure::Cloud;
use lifeboat::desk::protocol::Command;
use lifeboat::desk::snapshot::{Library, PlaceRow, PlanRow, RunbookRow, Snapshot};
use lifeboat::desk::{Handle, Home, Options, start};
use lifeboat::journal::RealDisk;

const PAGE: &str = include_str!("../../../runbooks/README.md");
const PLAN: &str = include_str!("../../../assets/plans/prod-chat.ron");

/// A shared step as a team would write it; `‸` marks what the broken one has wrong.
const PART: &str = r#"Part(
    schema: 2,
    about: "Steps that our runbooks share.",
    steps: [
        Step(
            id: "OW1", phase: FailOver, kind: Manual,
            title: "Tell the shop's owner",
            why: "They answer the phone.",
            target: "Owner", expect: "2m", may_lose: "Nothing", second_person: "None needed",
            source: Judgement("people first"),
        ),
    ],
)
"#;

/// The example of the page on the language: a whole runbook.
fn web_shop() -> String {
    PAGE.split("```ron\n").nth(1).unwrap().split("```").next().unwrap().to_owned()
}

/// The same with a shared step behind its own.
fn sharing() -> String {
    let at = web_shop().rfind("    ],").unwrap();
    let mut text = web_shop();
    text.insert_str(at, "        Include(file: \"parts/own.ron\"),\n");
    text
}

/// A data folder, and a folder beside it in which somebody works.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(place.work("")).unwrap();
        place
    }

    fn home(&self) -> PathBuf {
        self.0.path().join("home")
    }

    fn work(&self, name: &str) -> PathBuf {
        self.0.path().join("work").join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.work(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn desk(&self) -> Handle {
        self.desk_on(None)
    }

    fn desk_on(&self, cloud: Option<Cloud>) -> Handle {
        let home = Home::find(Some(&self.home())).unwrap();
        let disk = Arc::new(RealDisk);
        let options = Options { home, disk, cloud, watch: None, operator: "Ada".to_owned(), script: None };
        let desk = start(options).unwrap();
        until(&desk, "the library", |l| !l.runbooks.is_empty());
        desk
    }
}

/// Waits for a library.
fn until(desk: &Handle, what: &str, wanted: impl FnMut(&Library) -> bool) -> Arc<Library> {
    within(desk, crate::PATIENCE, what, wanted)
}

fn within(desk: &Handle, time: Duration, what: &str, mut wanted: impl FnMut(&Library) -> bool) -> Arc<Library> {
    match desk.wait(time, |s| wanted(&s.library)) {
        Some(s) => s.library.clone(),
        None => {
            let s = desk.snapshot();
            let l = &s.library;
            let book = l.book.as_ref().map(|b| (&b.title, b.findings));
            let plan = l.preview.as_ref().map(|p| &p.name);
            panic!(
                "{what} was not seen; places {:#?}, draft {:#?}, book {book:?}, plan {plan:?}, notice {:?}, said {:?}",
                l.places, l.draft, s.notice, s.activity
            )
        }
    }
}

/// Waits for a notice with these words.
fn notice(desk: &Handle, words: &str) -> Arc<Snapshot> {
    let has = |s: &Snapshot| s.notice.as_ref().is_some_and(|n| format!("{} {}", n.what, n.raw).contains(words));
    let seen = desk.wait(crate::PATIENCE, has);
    seen.unwrap_or_else(|| panic!("no notice with `{words}`: {:?}", desk.snapshot().notice))
}

fn open(desk: &Handle, path: &Path) {
    desk.send(Command::OpenPath(path.to_owned()));
}

fn book_at<'l>(l: &'l Library, path: &Path) -> Option<&'l RunbookRow> {
    l.runbooks.iter().find(|r| r.file == path.display().to_string())
}

fn plan_at<'l>(l: &'l Library, path: &Path) -> Option<&'l PlanRow> {
    l.plans.iter().find(|p| p.file == path.display().to_string())
}

fn place_of<'l>(l: &'l Library, path: &Path) -> Option<&'l PlaceRow> {
    l.places.iter().find(|p| p.path == path)
}

#[test]
fn a_file_that_is_opened_is_shown_and_kept() {
    let place = Place::new();
    let (book, plan) = (place.write("shop.ron", &web_shop()), place.write("our-chat.ron", PLAN));
    let desk = place.desk();
    open(&desk, &book);
    let l = until(&desk, "the runbook", |l| l.book.as_ref().is_some_and(|b| b.id == "web-shop"));
    assert_eq!(l.book.as_ref().unwrap().findings, (0, 0), "{:?}", l.book);
    assert_eq!(book_at(&l, &book).unwrap().steps, 3);
    assert_eq!(place_of(&l, &book).unwrap().note, "1 runbook");
    open(&desk, &plan);
    let l = until(&desk, "the plan", |l| l.preview.as_ref().is_some_and(|p| p.name == plan.display().to_string()));
    assert!(l.book.is_none(), "the plan is shown in its place");
    assert_eq!(l.places.iter().map(|p| &p.path).collect::<Vec<_>>(), [&plan, &book], "the newest first");
    open(&desk, &plan);
    drop(desk);

    let desk = place.desk();
    let l = until(&desk, "both again", |l| l.places.len() == 2);
    assert!(book_at(&l, &book).is_some() && plan_at(&l, &plan).is_some());
    desk.send(Command::ForgetPath(book.clone()));
    let l = until(&desk, "one place", |l| l.places.len() == 1);
    assert!(book_at(&l, &book).is_none() && book.exists());
    drop(desk);
    let l = until(&place.desk(), "one place", |l| l.places.len() == 1);
    assert!(plan_at(&l, &plan).is_some());
}

#[test]
fn a_folder_is_opened_with_all_below_it_and_one_bad_file_takes_no_other_along() {
    let place = Place::new();
    place.write("shop/shop.ron", &sharing());
    place.write("shop/parts/own.ron", PART);
    place.write("chat/our-chat.ron", PLAN);
    place.write("notes.txt", "Runbook(");
    let desk = place.desk();
    open(&desk, &place.work(""));
    let l = until(&desk, "the folder", |l| !l.places.is_empty());
    assert_eq!(l.places[0].note, "1 runbook, 1 plan");
    assert_eq!(book_at(&l, &place.work("shop/shop.ron")).unwrap().steps, 4);
    assert!(plan_at(&l, &place.work("chat/our-chat.ron")).is_some());
    assert_eq!(l.diagnostics, []);

    fs::write(place.work("bytes.ron"), [0xff, 0xfe, 0x00]).unwrap();
    desk.send(Command::Reload);
    let l = until(&desk, "what is wrong", |l| l.places[0].failed);
    assert!(l.places[0].note.starts_with("1 runbook, 1 plan; cannot read"), "{:?}", l.places);
    assert!(l.places[0].note.contains("bytes.ron"), "{:?}", l.places);
    assert!(plan_at(&l, &place.work("chat/our-chat.ron")).is_some());
}

#[test]
fn a_path_that_is_not_there_is_said_and_loses_nothing() {
    let place = Place::new();
    let book = place.write("shop.ron", &web_shop());
    let desk = place.desk();
    open(&desk, &book);
    let before = until(&desk, "the runbook", |l| l.book.is_some());
    for wrong in ["nowhere.ron", "nowhere/at/all"] {
        open(&desk, &place.work(wrong));
        let s = notice(&desk, wrong);
        assert!(s.notice.as_ref().unwrap().what.contains("check the path"), "{:?}", s.notice);
        assert_eq!(s.library, before);
    }
    fs::write(place.work("bytes.ron"), [0xff]).unwrap();
    open(&desk, &place.work("bytes.ron"));
    assert_eq!(notice(&desk, "bytes.ron").library, before);
    let kept = fs::read_to_string(place.home().join("library.json")).unwrap();
    assert!(kept.contains("shop.ron") && !kept.contains("nowhere") && !kept.contains("bytes"), "{kept}");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_rather_than_waited_for() {
    let place = Place::new();
    let pipe = place.work("pipe.ron");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let desk = place.desk();
    open(&desk, &pipe);
    assert!(notice(&desk, "pipe.ron").notice.as_ref().unwrap().raw.contains("neither a file nor a folder"));
}

#[test]
fn a_broken_runbook_shows_each_finding_at_its_line() {
    let place = Place::new();
    let broken = web_shop().replace("phase: Decide", "phase: Decde");
    let book = place.write("shop.ron", &broken);
    let desk = place.desk();
    open(&desk, &book);
    let l = until(&desk, "the runbook", |l| l.book.is_some());
    let row = book_at(&l, &book).unwrap();
    assert_eq!((row.title.as_str(), row.system), ("shop.ron", None));
    assert!(row.findings.0 > 0, "{row:?}");
    let shown = l.book.as_ref().unwrap();
    assert_eq!((shown.system, shown.phases.len(), shown.findings), (None, 0, row.findings));
    let [text] = &shown.texts[..] else { panic!("{:?}", shown.texts) };
    assert_eq!(text.lines.iter().map(|l| l.text.as_str()).collect::<Vec<_>>(), broken.lines().collect::<Vec<_>>());
    let wrong = broken.lines().position(|l| l.contains("Decde")).unwrap();
    assert!(text.marked.contains(&wrong), "{:?}", text.marked);
    let said = &text.lines[wrong].findings[0];
    assert!(said.message.contains("did you mean `Decide`"), "{said:?}");
    assert!(said.place.starts_with(&format!("{}:{}:", book.display(), wrong + 1)), "{said:?}");
    let counted: usize = text.lines.iter().flat_map(|l| &l.findings).filter(|d| d.severity == "error").count();
    assert_eq!(counted, shown.findings.0, "each finding is somewhere");
}

#[test]
fn what_is_wrong_in_a_part_stands_in_the_parts_text() {
    let place = Place::new();
    let book = place.write("shop.ron", &sharing());
    let part = place.write("parts/own.ron", &PART.replace("FailOver", "FailOvr"));
    let desk = place.desk();
    open(&desk, &book);
    let l = until(&desk, "the runbook", |l| l.book.is_some());
    let [own, shared] = &l.book.as_ref().unwrap().texts[..] else { panic!("{:?}", l.book) };
    assert_eq!(shared.file, part.display().to_string());
    let wrong = PART.lines().position(|l| l.contains("FailOver")).unwrap();
    assert!(shared.marked.contains(&wrong), "{:?}", shared.marked);
    assert!(shared.lines[wrong].findings[0].message.contains("did you mean `FailOver`"), "{:?}", shared.lines[wrong]);
    assert!(own.marked.iter().all(|m| own.lines[*m].text.contains("Include")), "{:?}", own.marked);
    // It is no file of the shelf by itself: only the runbook was opened.
    assert_eq!(l.diagnostics, []);
}

#[test]
fn more_mistakes_than_are_shown_are_marked_in_the_order_of_their_lines() {
    let place = Place::new();
    let many: String = (0..600).map(|n| format!("    wrong{n}: 1,\n")).collect();
    let book = place.write("many.ron", &format!("Runbook(\n{many})\n"));
    let desk = place.desk();
    open(&desk, &book);
    let l = until(&desk, "the runbook", |l| l.book.is_some());
    let text = &l.book.as_ref().unwrap().texts[0];
    assert!(text.marked.len() > 400 && text.marked.is_sorted(), "{:?}", text.marked);
    assert!(text.marked.iter().all(|m| !text.lines[*m].findings.is_empty()));
}

#[test]
fn two_windows_on_the_same_data_keep_what_each_has_opened() {
    let place = Place::new();
    let (book, plan) = (place.write("shop.ron", &web_shop()), place.write("our-chat.ron", PLAN));
    let (one, other) = (place.desk(), place.desk());
    open(&one, &book);
    until(&one, "the runbook", |l| book_at(l, &book).is_some());
    open(&other, &plan);
    let l = until(&other, "both, since the list was read again", |l| l.places.len() == 2);
    assert!(book_at(&l, &book).is_some() && plan_at(&l, &plan).is_some());
    // What one takes off, the other does not bring back.
    other.send(Command::ForgetPath(book.clone()));
    until(&other, "one place", |l| l.places.len() == 1);
    let third = place.write("third.ron", &web_shop().replace("web-shop", "web-shop-3"));
    open(&one, &third);
    until(&one, "the third", |l| book_at(l, &third).is_some());
    drop((one, other));
    let l = until(&place.desk(), "two places", |l| l.places.len() == 2);
    assert_eq!(l.places.iter().map(|p| &p.path).collect::<Vec<_>>(), [&third, &plan]);
}

#[test]
fn a_damaged_list_of_places_loses_nothing_else() {
    let place = Place::new();
    let book = place.write("shop.ron", &web_shop());
    fs::create_dir_all(place.home().join("plans")).unwrap();
    let own = place.home().join("plans/our-chat.ron");
    fs::write(&own, PLAN.replace("Production chat:", "Our chat:")).unwrap();
    let kept = place.home().join("library.json");
    for damaged in ["{", "", r#"{"schema": 2, "places": ["/elsewhere"]}"#] {
        fs::write(&kept, damaged).unwrap();
        let desk = place.desk();
        let l = until(&desk, "the team's own plan", |l| plan_at(l, &own).is_some());
        assert_eq!(l.places.len(), 1, "{:?}", l.places);
        let said = |s: &Snapshot| s.activity.iter().any(|a| a.text.contains("library.json cannot be read"));
        assert!(desk.wait(crate::PATIENCE, said).is_some(), "{:?}", desk.snapshot().activity);
        assert_eq!(fs::read_to_string(&kept).unwrap(), damaged, "reading changes nothing");
        open(&desk, &book);
        until(&desk, "the runbook", |l| book_at(l, &book).is_some());
        assert_eq!(fs::read_to_string(place.home().join("library.damaged")).unwrap(), damaged, "it is put aside");
        drop(desk);
        until(&place.desk(), "the runbook again", |l| book_at(l, &book).is_some());
    }
}

#[test]
fn another_plan_does_not_take_the_place_of_one_that_is_broken_for_now() {
    let place = Place::new();
    let plan = place.write("our-chat.ron", PLAN);
    let name = plan.display().to_string();
    let desk = place.desk();
    open(&desk, &plan);
    until(&desk, "the plan", |l| l.preview.as_ref().is_some_and(|p| p.name == name));
    fs::write(&plan, PLAN.replace("\"eastus\"", "\"eastsu\"")).unwrap();
    desk.send(Command::Reload);
    let l = until(&desk, "errors", |l| plan_at(l, &plan).is_some_and(|p| p.errors > 0));
    assert!(l.preview.is_none(), "what would start now is not what was chosen: {:?}", l.preview);
    fs::write(&plan, PLAN).unwrap();
    desk.send(Command::Reload);
    until(&desk, "the plan again", |l| l.preview.as_ref().is_some_and(|p| p.name == name));
}

#[test]
fn a_runbook_that_is_gone_is_said_to_be_gone() {
    let place = Place::new();
    let desk = place.desk();
    desk.send(Command::PreviewRunbook { file: "/gone.ron".to_owned(), strategy: None });
    notice(&desk, "`/gone.ron` is not in the library any more");
}

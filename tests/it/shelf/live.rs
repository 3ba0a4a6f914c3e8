//! What an author saves is seen within seconds, however the editor saves it.

use super::*;

/// Five times what it takes on a machine under load.
const SOON: Duration = Duration::from_secs(10);

fn title(l: &Library, path: &Path) -> Option<String> {
    book_at(l, path).map(|b| b.title.clone())
}

fn titled(text: &str) -> String {
    web_shop().replace("Web shop: move to the second region", text)
}

/// As most editors save: a new file beside it, given its name.
fn replace(path: &Path, text: &str) {
    let beside = path.with_extension("swp");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, path).unwrap();
}

/// Every way in which a file changes.
fn follows(desk: &Handle, path: &Path) {
    let seen = |what: &str| {
        within(desk, SOON, what, |l| title(l, path).as_deref() == Some(what));
    };
    fs::write(path, titled("Written over")).unwrap();
    seen("Written over");
    for n in 0..3 {
        replace(path, &titled(&format!("Replaced {n}")));
        seen(&format!("Replaced {n}"));
    }
    fs::write(path, titled("Broken").replace("gate:", "gaet:")).unwrap();
    within(desk, SOON, "its errors", |l| book_at(l, path).is_some_and(|b| b.findings.0 > 0));
    fs::remove_file(path).unwrap();
    within(desk, SOON, "nothing", |l| book_at(l, path).is_none());
    fs::write(path, titled("Back again")).unwrap();
    seen("Back again");
    fs::write(path, titled("And changed")).unwrap();
    seen("And changed");
}

#[test]
fn a_file_is_followed_through_every_way_of_saving() {
    let place = Place::new();
    let path = place.write("shop.ron", &web_shop());
    let desk = place.desk();
    open(&desk, &path);
    until(&desk, "the runbook", |l| book_at(l, &path).is_some());
    follows(&desk, &path);
    let l = desk.snapshot().library.clone();
    assert_eq!(l.book.as_ref().map(|b| b.title.as_str()), Some("And changed"), "the page follows, too");
    // The folder and all.
    fs::remove_dir_all(place.work("")).unwrap();
    let l = within(&desk, SOON, "nothing", |l| book_at(l, &path).is_none());
    assert!(place_of(&l, &path).unwrap().failed);
    place.write("shop.ron", &titled("In a new folder"));
    within(&desk, SOON, "it again", |l| title(l, &path).as_deref() == Some("In a new folder"));
    follows(&desk, &path);
}

#[test]
fn a_folder_is_followed_and_so_is_what_comes_into_it() {
    let place = Place::new();
    let path = place.write("shop.ron", &web_shop());
    let desk = place.desk();
    open(&desk, &place.work(""));
    until(&desk, "the runbook", |l| book_at(l, &path).is_some());
    follows(&desk, &path);
    let plan = place.write("our-chat.ron", PLAN);
    within(&desk, SOON, "the new plan", |l| plan_at(l, &plan).is_some_and(|p| p.errors == 0));
    let below = place.write("team/below/shop.ron", &titled("Below"));
    within(&desk, SOON, "the file in the new folder", |l| title(l, &below).as_deref() == Some("Below"));
    fs::write(&below, titled("Below, changed")).unwrap();
    within(&desk, SOON, "its change", |l| title(l, &below).as_deref() == Some("Below, changed"));
    // The folder is put away and comes back.
    fs::rename(place.work(""), place.0.path().join("away")).unwrap();
    let l = within(&desk, SOON, "nothing", |l| book_at(l, &path).is_none());
    assert!(place_of(&l, &place.work("")).unwrap().failed);
    fs::rename(place.0.path().join("away"), place.work("")).unwrap();
    within(&desk, SOON, "it again", |l| book_at(l, &path).is_some() && plan_at(l, &plan).is_some());
}

#[test]
fn the_teams_own_folder_is_followed() {
    let place = Place::new();
    fs::create_dir_all(place.home().join("plans")).unwrap();
    let desk = place.desk();
    let plan = place.home().join("plans/our-chat.ron");
    fs::write(&plan, PLAN).unwrap();
    within(&desk, SOON, "the plan", |l| plan_at(l, &plan).is_some());
    fs::remove_file(&plan).unwrap();
    within(&desk, SOON, "nothing", |l| plan_at(l, &plan).is_none());
}

#[test]
fn a_part_is_followed_although_only_its_runbook_was_opened() {
    let place = Place::new();
    let book = place.write("shop.ron", &sharing());
    let desk = place.desk();
    open(&desk, &book);
    until(&desk, "the missing part", |l| book_at(l, &book).is_some_and(|b| b.findings.0 > 0));
    let part = place.write("parts/own.ron", PART);
    within(&desk, SOON, "the part", |l| book_at(l, &book).is_some_and(|b| b.findings.0 == 0 && b.steps == 4));
    replace(&part, &PART.replace("FailOver", "FailOvr"));
    within(&desk, SOON, "its mistake", |l| {
        let shown = l.book.as_ref().and_then(|b| b.texts.get(1));
        shown.is_some_and(|t| !t.marked.is_empty())
    });
    fs::write(&part, PART).unwrap();
    within(&desk, SOON, "it mended", |l| book_at(l, &book).is_some_and(|b| b.findings.0 == 0));
}

#[test]
fn a_plan_follows_the_runbook_beside_it() {
    let place = Place::new();
    let plan = place.write("our-shop.ron", &PLAN.replace("azure-openai", "web-shop"));
    let desk = place.desk();
    open(&desk, &plan);
    let says = |l: &Library, code: &str| l.draft.is_none() && plan_at(l, &plan).is_some_and(|p| p.runbook == code);
    within(&desk, SOON, "the plan without a runbook", |l| says(l, "web-shop"));
    notice(&desk, "there is no runbook `web-shop`");
    place.write("shop.ron", &web_shop());
    // It is known now, so the plan can be opened in the editor; its values are still those of another runbook.
    desk.send(Command::PreviewPlan { plan: plan.display().to_string(), strategy: None });
    let l = until(&desk, "the editor", |l| l.draft.is_some());
    assert_eq!(l.draft.as_ref().unwrap().runbook, "Web shop: move to the second region");
}

//! A plan that is filled in: every field with what is wrong, a file that binds, and nothing overwritten or lost.

use lifeboat::catalog::Catalog;
use lifeboat::desk::protocol::{Draft, DraftIntent};
use lifeboat::desk::snapshot::{DraftView, TrustState};
use lifeboat::runbook::model::Strategy;

use super::*;

const RUNBOOK: &str = "built-in/runbooks/azure-openai.ron";

fn say(desk: &Handle, intent: DraftIntent) {
    desk.send(Command::Draft(intent));
}

fn draft(l: &Library) -> &DraftView {
    l.draft.as_ref().unwrap()
}

/// Changes the draft and waits until the desk shows it so.
fn change(desk: &Handle, edit: impl FnOnce(&mut Draft)) -> Arc<Library> {
    let mut next = draft(&desk.snapshot().library).draft.clone();
    edit(&mut next);
    say(desk, DraftIntent::Change(Box::new(next.clone())));
    until(desk, "the change", |l| l.draft.as_ref().is_some_and(|d| d.draft == next))
}

/// Begins a plan of the built-in runbook.
fn begin(desk: &Handle) -> Arc<Library> {
    let before = desk.snapshot().library.draft.as_ref().map_or(0, |d| d.number);
    say(desk, DraftIntent::New(RUNBOOK.to_owned()));
    until(desk, "the editor", |l| l.draft.as_ref().is_some_and(|d| d.number > before))
}

fn save(desk: &Handle, path: &Path) -> Arc<Library> {
    say(desk, DraftIntent::Save(path.to_owned()));
    until(desk, "the saved plan", |l| l.draft.is_none() && plan_at(l, path).is_some())
}

fn fill(d: &mut Draft) {
    *d = Draft { id: "our-chat".to_owned(), ..Draft::read(PLAN).unwrap() };
}

/// Names of the fields with findings.
fn wrong(d: &DraftView) -> Vec<&str> {
    d.fields.iter().filter(|f| f.bad).map(|f| f.name.as_str()).collect()
}

#[test]
fn a_plan_is_made_from_a_runbook_saved_found_and_edited_again() {
    let place = Place::new();
    let desk = place.desk();
    let l = begin(&desk);
    let d = draft(&l);
    let own = place.home().join("plans/azure-openai-plan.ron");
    assert_eq!((&d.path, d.totals.is_some()), (&own, false));
    let empty = ["primary", "secondary", "primary_resource", "secondary_resource", "store", "critical"];
    assert_eq!(wrong(d).into_iter().filter(|w| empty.contains(w)).count(), empty.len(), "{:?}", wrong(d));
    assert!(d.fields.iter().find(|f| f.name == "primary").unwrap().findings[0].contains("has no value"));
    assert_eq!(d.findings.iter().map(|f| f.0.as_str()).collect::<Vec<_>>(), ["environment"], "{:?}", d.findings);

    // One field after another; what is wrong is said at the field that is wrong.
    let l = change(&desk, |d| {
        fill(d);
        d.values.insert("primary".to_owned(), "eastu".to_owned());
        d.values.insert("store".to_owned(), "not an id".to_owned());
    });
    let d = draft(&l);
    assert_eq!(wrong(d), ["primary", "store"]);
    let primary = d.fields.iter().find(|f| f.name == "primary").unwrap();
    assert!(primary.findings[0].contains("did you mean `eastus`"), "{:?}", primary.findings);
    assert!(primary.suggestions.iter().any(|(value, _)| value == "eastus"), "{:?}", primary.suggestions);
    let l = change(&desk, fill);
    let d = draft(&l);
    assert_eq!((wrong(d), &d.findings[..]), (vec![], &[][..]));
    assert!(d.totals.as_ref().unwrap().starts_with("RTO"), "{:?}", d.totals);
    let digest = d.digest.clone().unwrap();

    let path = place.home().join("plans/our-chat.ron");
    let l = save(&desk, &path);
    let row = plan_at(&l, &path).unwrap();
    assert_eq!((row.id.as_str(), row.errors, &row.digest), ("our-chat", 0, &digest));
    let shown = l.preview.as_ref().unwrap();
    assert_eq!((shown.plan.as_str(), &shown.digest), ("our-chat", &digest));
    assert!(l.places.iter().any(|p| p.path == place.home().join("plans")), "{:?}", l.places);
    let catalog = Home::find(Some(&place.home())).unwrap().catalog().unwrap();
    let (ours, theirs) = (catalog.plan("our-chat", None).unwrap(), Catalog::builtin().plan("prod-chat", None).unwrap());
    assert_eq!((ours.values, ours.steps), (theirs.values, theirs.steps));
    // It came from a person at this computer, and yet nobody has read and trusted it.
    assert!(row.restricted && shown.trust.blocks && shown.trust.state == TrustState::Restricted, "{:?}", shown.trust);
    assert!(!fs::read_dir(path.parent().unwrap()).unwrap().any(|f| f.unwrap().path() != path), "nothing beside it");

    say(&desk, DraftIntent::Edit(path.display().to_string()));
    let l = until(&desk, "the editor", |l| l.draft.is_some());
    assert_eq!((&draft(&l).path, &draft(&l).digest), (&path, &Some(digest)));
    change(&desk, |d| d.title = "Chat, and more".to_owned());
    let l = save(&desk, &path);
    assert_eq!(plan_at(&l, &path).unwrap().title, "Chat, and more");
}

#[test]
fn what_is_left_without_saving_is_forgotten() {
    let place = Place::new();
    let desk = place.desk();
    begin(&desk);
    change(&desk, |d| d.title = "Never".to_owned());
    say(&desk, DraftIntent::Discard);
    until(&desk, "no editor", |l| l.draft.is_none());
    assert!(!place.home().join("plans").exists());
    // Late news of it changes nothing.
    say(&desk, DraftIntent::Change(Box::default()));
    say(&desk, DraftIntent::Save(place.work("never.ron")));
    let l = begin(&desk);
    assert_ne!(draft(&l).draft.title, "Never");
    assert!(!place.work("never.ron").exists());
}

#[test]
fn a_second_plan_of_a_runbook_does_not_take_the_place_of_the_first() {
    let place = Place::new();
    let desk = place.desk();
    let first = draft(&begin(&desk)).path.clone();
    say(&desk, DraftIntent::Save(first.clone()));
    // What still has errors is saved as it is, and stays open.
    let l = until(&desk, "the file", |l| plan_at(l, &first).is_some_and(|p| p.errors > 0));
    assert_eq!(draft(&l).path, first);
    let before = fs::read(&first).unwrap();
    let l = begin(&desk);
    assert_eq!(draft(&l).draft.id, "azure-openai-plan-2");
    assert_eq!(draft(&l).path, place.home().join("plans/azure-openai-plan-2.ron"));
    say(&desk, DraftIntent::Save(first.clone()));
    let s = notice(&desk, "is there already");
    assert!(s.library.draft.is_some(), "the draft is kept");
    assert_eq!(fs::read(&first).unwrap(), before);
    let second = place.home().join("plans/azure-openai-plan-2.ron");
    say(&desk, DraftIntent::Save(second.clone()));
    until(&desk, "both", |l| plan_at(l, &first).is_some() && plan_at(l, &second).is_some());
}

#[test]
fn what_somebody_else_wrote_meanwhile_is_not_overwritten() {
    let place = Place::new();
    let path = place.write("our-chat.ron", PLAN);
    let desk = place.desk();
    open(&desk, &path);
    until(&desk, "the plan", |l| plan_at(l, &path).is_some());
    say(&desk, DraftIntent::Edit(path.display().to_string()));
    until(&desk, "the editor", |l| l.draft.is_some());
    change(&desk, |d| d.title = "Mine".to_owned());
    fs::write(&path, PLAN.replace("Production chat", "Theirs")).unwrap();
    until(&desk, "their change", |l| plan_at(l, &path).is_some_and(|p| p.title.starts_with("Theirs")));
    say(&desk, DraftIntent::Save(path.clone()));
    let s = notice(&desk, "not what was opened here");
    assert_eq!(draft(&s.library).draft.title, "Mine");
    assert!(fs::read_to_string(&path).unwrap().contains("Theirs"));
}

#[test]
fn a_broken_plan_opens_in_the_editor_with_what_is_wrong_at_its_field() {
    let place = Place::new();
    let broken = PLAN
        .replace("\"eastus\"", "\"eastsu\"")
        .replace("\"deployments\": HotWarm", "\"deployments\": Priority")
        .replace("        \"critical\": \"chat,embed,mini\",\n", "        \"criticle\": \"chat\",\n")
        .replace("id: \"prod-chat\"", "id: \"Prod Chat\"");
    let path = place.write("broken.ron", &broken);
    let desk = place.desk();
    open(&desk, &path);
    let l = until(&desk, "the editor", |l| l.draft.is_some());
    let d = draft(&l);
    assert_eq!(wrong(d), ["primary", "critical"], "what is missing in the file has its field, too");
    let finding = d.components[0].finding.as_ref().unwrap();
    assert!(finding.contains("makes no sense for `deployments`"), "{finding}");
    assert_eq!(d.findings.iter().map(|f| f.0.as_str()).collect::<Vec<_>>(), ["id", "criticle"], "{:?}", d.findings);
    assert_eq!(plan_at(&l, &path).unwrap().errors, 5);
    change(&desk, |d| {
        d.id = "our-chat".to_owned();
        d.values.remove("criticle");
        d.values.insert("critical".to_owned(), "chat".to_owned());
        d.values.insert("primary".to_owned(), "eastus".to_owned());
        d.components.insert("deployments".to_owned(), Strategy::HotCold);
    });
    let l = save(&desk, &path);
    assert_eq!(plan_at(&l, &path).unwrap().errors, 0);
    assert_eq!(l.preview.as_ref().unwrap().plan, "our-chat");
}

#[test]
fn what_cannot_be_read_at_all_is_said_with_its_place_and_leaves_the_editor_as_it_is() {
    let place = Place::new();
    let path = place.write("torn.ron", &PLAN[..PLAN.len() / 2]);
    let desk = place.desk();
    begin(&desk);
    change(&desk, |d| d.title = "Mine".to_owned());
    open(&desk, &path);
    let s = notice(&desk, "cannot be read as a plan");
    assert!(s.notice.as_ref().unwrap().what.contains(&format!("{}:", path.display())), "{:?}", s.notice);
    assert!(plan_at(&s.library, &path).unwrap().errors > 0);
    assert_eq!(draft(&s.library).draft.title, "Mine");
}

#[test]
fn a_folder_that_takes_no_file_keeps_the_draft() {
    let place = Place::new();
    let desk = place.desk();
    begin(&desk);
    change(&desk, fill);
    // A file where a folder should be stops root, too.
    fs::write(place.work("file"), "").unwrap();
    let mut shut = vec![place.work("file/our-chat.ron")];
    let readonly = place.work("readonly");
    fs::create_dir_all(&readonly).unwrap();
    let mut rights = fs::metadata(&readonly).unwrap().permissions();
    rights.set_readonly(true);
    fs::set_permissions(&readonly, rights).unwrap();
    if fs::write(readonly.join("try"), "").is_err() {
        shut.push(readonly.join("our-chat.ron"));
    }
    for path in shut {
        desk.send(Command::DismissNotice);
        say(&desk, DraftIntent::Save(path.clone()));
        let s = notice(&desk, &path.display().to_string());
        assert!(s.notice.as_ref().unwrap().what.contains("choose another folder"), "{:?}", s.notice);
        assert_eq!(draft(&s.library).draft.id, "our-chat");
        assert!(draft(&s.library).totals.is_some());
    }
    // A folder of that name, and then a good place: nothing was lost on the way.
    fs::create_dir_all(place.work("taken.ron")).unwrap();
    desk.send(Command::DismissNotice);
    say(&desk, DraftIntent::Save(place.work("taken.ron")));
    notice(&desk, "taken.ron");
    let l = save(&desk, &place.work("our-chat.ron"));
    assert_eq!(plan_at(&l, &place.work("our-chat.ron")).unwrap().errors, 0);
    let mut left: Vec<_> = fs::read_dir(place.work("")).unwrap().map(|f| f.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["file", "our-chat.ron", "readonly", "taken.ron"], "no half-written file is left");
}

#[test]
fn a_plan_saved_elsewhere_is_kept_on_the_shelf_under_a_name_that_folders_are_searched_for() {
    let place = Place::new();
    let desk = place.desk();
    open(&desk, &place.work(""));
    until(&desk, "the folder", |l| !l.places.is_empty());
    begin(&desk);
    change(&desk, fill);
    say(&desk, DraftIntent::Save(place.work("our chat")));
    let path = place.work("our chat.ron");
    let l = until(&desk, "the saved plan", |l| plan_at(l, &path).is_some());
    assert_eq!(l.places.len(), 1, "the folder is on the shelf already");
    say(&desk, DraftIntent::Edit(path.display().to_string()));
    until(&desk, "the editor", |l| l.draft.is_some());
    // A hidden folder is not searched, so the file itself is kept.
    let path = place.work(".hidden/our-chat.ron");
    let l = save(&desk, &path);
    assert!(place_of(&l, &path).is_some(), "{:?}", l.places);
}

#[test]
fn a_built_in_plan_becomes_a_copy_that_comes_first() {
    let place = Place::new();
    let desk = place.desk();
    say(&desk, DraftIntent::Edit("built-in/plans/prod-chat.ron".to_owned()));
    let l = until(&desk, "the editor", |l| l.draft.is_some());
    let path = place.home().join("plans/prod-chat.ron");
    assert_eq!(draft(&l).path, path);
    change(&desk, |d| d.environment = "ours".to_owned());
    let l = save(&desk, &path);
    let row = plan_at(&l, &path).unwrap();
    assert!(row.restricted, "another byte than what is built in");
    assert_eq!(l.plans[0].file, row.file);
}

#[test]
fn a_saved_plan_asks_for_trust_again_when_its_bytes_change() {
    let place = Place::new();
    let desk = place.desk();
    begin(&desk);
    change(&desk, fill);
    let path = place.home().join("plans/our-chat.ron");
    let l = save(&desk, &path);
    let digest = l.preview.as_ref().unwrap().trust.digest.clone();
    desk.send(Command::TrustPlan { plan: path.display().to_string(), digest });
    until(&desk, "trust", |l| l.preview.as_ref().is_some_and(|p| p.trust.state != TrustState::Restricted));
    say(&desk, DraftIntent::Edit(path.display().to_string()));
    until(&desk, "the editor", |l| l.draft.is_some());
    change(&desk, |d| drop(d.values.insert("critical".to_owned(), "chat".to_owned())));
    let l = save(&desk, &path);
    assert_eq!(l.preview.as_ref().unwrap().trust.state, TrustState::Restricted);
    assert!(plan_at(&l, &path).unwrap().restricted);
}

#[test]
fn switching_a_strategy_lists_what_changes() {
    let place = Place::new();
    let desk = place.desk();
    begin(&desk);
    let l = change(&desk, fill);
    let d = draft(&l);
    let [component] = &d.components[..] else { panic!("{:?}", d.components) };
    assert_eq!((component.name.as_str(), component.chosen), ("deployments", Strategy::HotWarm));
    let said = |s: Strategy| component.choices.iter().find(|(x, _)| *x == s).unwrap().1.clone();
    assert_eq!(said(Strategy::HotWarm), "", "the chosen one changes nothing");
    assert!(said(Strategy::HotCold).contains("adds ") && said(Strategy::HotCold).contains("AO-F3"), "{component:?}");
    assert!(said(Strategy::HotCold).contains("longer"), "{component:?}");
    let whole = d.strategies.iter().find(|(s, _)| *s == Strategy::HotCold).unwrap();
    assert!(whole.1.contains("AO-F3"), "{whole:?}");
    // Chosen, it is what the plan then has.
    let l = change(&desk, |d| _ = d.components.insert("deployments".to_owned(), Strategy::HotCold));
    let cold = draft(&l);
    assert_ne!(cold.digest, d.digest);
    let l = save(&desk, &place.home().join("plans/our-chat.ron"));
    let steps: Vec<&str> =
        l.preview.as_ref().unwrap().phases.iter().flat_map(|p| &p.steps).map(|s| s.id.as_str()).collect();
    assert!(steps.contains(&"AO-F3"), "{steps:?}");
}

#[test]
fn a_runbook_with_errors_makes_no_plan_and_says_why() {
    let place = Place::new();
    let path = place.write("shop.ron", &web_shop().replace("gate: \"W2\"", "gate: \"W9\""));
    let desk = place.desk();
    open(&desk, &path);
    until(&desk, "the runbook", |l| l.book.is_some());
    say(&desk, DraftIntent::New(path.display().to_string()));
    notice(&desk, "W9");
    say(&desk, DraftIntent::New("gone.ron".to_owned()));
    notice(&desk, "not in the library any more");
    assert!(desk.snapshot().library.draft.is_none());
}

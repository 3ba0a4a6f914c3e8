//! The Debian package: made by its script from the program under test, installed into a clean folder, and run from there.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use lifeboat::ui::memory::{Memory, viewport};
use sha2::{Digest, Sha256};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether a tool is there; a test that does without says so.
fn there(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|dir| dir.join(tool).is_file());
    if !found {
        let needed = !["appstreamcli", "dpkg-shlibdeps"].contains(&tool);
        assert!(!needed || std::env::var("CI").as_deref() != Ok("true"), "in CI the package is looked at with {tool}");
        crate::left_out(&format!("the Debian package needs {tool}"));
    }
    found
}

#[track_caller]
fn good(command: &mut Command) -> Output {
    let out = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let said = [&out.stdout[..], &out.stderr[..]].map(String::from_utf8_lossy).concat();
    assert!(out.status.success(), "{command:?}: {said}");
    out
}

fn text(out: &Output) -> String {
    String::from_utf8(out.stdout.clone()).unwrap()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()) {
        if entry.is_dir() { all.extend(files(&entry)) } else { all.push(entry) }
    }
    all.sort();
    all
}

/// Makes the package in `dir`, where nothing is like elsewhere; its path.
fn build(dir: &Path, umask: &str, zone: &str) -> PathBuf {
    std::fs::create_dir_all(dir.join("tmp")).unwrap();
    let script = format!("umask {umask}; exec packaging/deb/build --fast --binary \"$1\" --out \"$2\"");
    let mut command = Command::new("bash");
    command.args(["-c", &script, "build", env!("CARGO_BIN_EXE_lifeboat")]).arg(dir.join("out"));
    command.env("TMPDIR", dir.join("tmp")).env("TZ", zone).env_remove("SOURCE_DATE_EPOCH").current_dir(root());
    let made = PathBuf::from(text(&good(&mut command)).trim());
    assert_eq!(std::fs::read_dir(dir.join("tmp")).unwrap().count(), 0, "nothing is left behind");
    made
}

/// The names of commands that `--help` lists.
fn commands(program: &Path, of: &[&str]) -> Vec<String> {
    let help = text(&good(Command::new(program).args(of).arg("--help")));
    let list = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    let name = |l: &str| {
        l.strip_prefix("  ").filter(|l| !l.starts_with(' ')).and_then(|l| l.split(' ').next().map(str::to_owned))
    };
    list.lines().take_while(|l| !l.is_empty()).filter_map(name).collect()
}

#[test]
fn the_same_program_gives_the_same_package_and_it_runs_where_it_is_installed() {
    if !there("dpkg-deb") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let package = build(&dir.path().join("a"), "077", "Asia/Tokyo");
    let again = build(&dir.path().join("b"), "002", "America/Lima");
    let hash = |p: &Path| Sha256::digest(std::fs::read(p).unwrap());
    assert_eq!(hash(&package), hash(&again), "two builds give the same bytes");
    let field = |name| text(&good(Command::new("dpkg-deb").arg("-f").arg(&package).arg(name))).trim().to_owned();
    assert_eq!(field("Version"), env!("CARGO_PKG_VERSION"));
    let listed = text(&good(Command::new("dpkg-deb").arg("-c").arg(&package)));
    assert!(listed.lines().all(|l| l.contains(" root/root ")), "{listed}");

    // Into a folder that was empty, as dpkg does it; who is not root leaves owners alone.
    let clean = dir.path().join("clean");
    for folder in ["updates", "info"] {
        std::fs::create_dir_all(clean.join("var/lib/dpkg").join(folder)).unwrap();
    }
    std::fs::write(clean.join("var/lib/dpkg/status"), "").unwrap();
    let mut install = Command::new("dpkg");
    install
        .arg("--root")
        .arg(&clean)
        .args(["--force-not-root", "--force-depends", "--force-bad-path", "-i"])
        .arg(&package);
    good(install.env("DEBIAN_FRONTEND", "noninteractive"));
    let known = std::fs::read_to_string(clean.join("var/lib/dpkg/status")).unwrap();
    assert!(known.contains("Package: lifeboat\nStatus: install ok installed"), "{known}");

    for file in files(&clean.join("usr")) {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if file.ends_with("bin/lifeboat") { 0o755 } else { 0o644 }, "{}", file.display());
    }
    let program = clean.join("usr/bin/lifeboat");
    let run = |args: &[&str]| {
        let mut command = Command::new(&program);
        command.args(args).env_clear().env("HOME", dir.path()).current_dir(root());
        text(&good(&mut command))
    };
    let version = run(&["--version"]);
    assert!(version.starts_with(concat!("lifeboat ", env!("CARGO_PKG_VERSION"))), "{version}");
    assert_eq!(version.lines().count(), 1, "{version}");
    run(&["check", "assets/plans/prod-chat.ron", "runbooks/azure-openai.ron"]);
    assert!(run(&["plan", "prod-chat"]).contains("Sweden Central"), "a plan that is built in");

    needs(&program, &field("Depends"), dir.path());
    every_command_is_told_of(&program, &clean.join("usr/share"));
    the_desktop_finds_it(&clean.join("usr/share"));
    licences(&clean.join("usr/share/doc/lifeboat"));
}

/// What Debian's own tool finds that the program needs, the package asks for.
fn needs(program: &Path, depends: &str, dir: &Path) {
    let depends: Vec<&str> = depends.split(", ").collect();
    assert!(depends.contains(&"libgl1") && depends.contains(&"libxkbcommon0"), "{depends:?}");
    if !there("dpkg-shlibdeps") {
        return;
    }
    std::fs::create_dir_all(dir.join("debian")).unwrap();
    std::fs::write(dir.join("debian/control"), "Source: lifeboat\n\nPackage: lifeboat\nArchitecture: any\n").unwrap();
    let found = text(&good(Command::new("dpkg-shlibdeps").arg("-O").arg(program).current_dir(dir)));
    let found = found.trim().strip_prefix("shlibs:Depends=").unwrap();
    for need in found.split(", ") {
        // Of the compiler's own library every release of the last twenty years is new enough.
        let need = if need.starts_with("libgcc-s1 ") { "libgcc-s1" } else { need };
        assert!(depends.contains(&need), "{need} is needed: {depends:?}");
    }
}

/// Each command has a page of the manual without a mistake, and each shell completes it.
fn every_command_is_told_of(program: &Path, share: &Path) {
    let names = commands(program, &[]);
    assert!(names.len() >= 17 && names.contains(&"completions".to_owned()), "{names:?}");
    assert!(!names.contains(&"packaging".to_owned()), "what only packages need is not listed");
    let mut pages = vec!["lifeboat".to_owned()];
    for name in &names {
        pages.push(format!("lifeboat-{name}"));
        pages.extend(commands(program, &[name]).iter().map(|sub| format!("lifeboat-{name}-{sub}")));
    }
    assert!(pages.contains(&"lifeboat-credentials-set".to_owned()), "{pages:?}");
    let man = share.join("man/man1");
    let mut wanted: Vec<PathBuf> = pages.iter().map(|p| man.join(format!("{p}.1.gz"))).collect();
    wanted.sort();
    assert_eq!(files(&man), wanted);
    if there("mandoc") {
        for page in &wanted {
            let mut lint = Command::new("mandoc");
            good(lint.args(["-Tlint", "-Werror"]).arg(page));
        }
    }
    let help = good(Command::new("gzip").arg("-dc").arg(man.join("lifeboat-health.1.gz")));
    assert!(text(&help).contains("One round proves no outage"), "the page says what the help says");

    for (shell, place) in [
        ("bash", "bash-completion/completions/lifeboat"),
        ("zsh", "zsh/vendor-completions/_lifeboat"),
        ("fish", "fish/vendor_completions.d/lifeboat.fish"),
    ] {
        let installed = std::fs::read_to_string(share.join(place)).unwrap();
        assert_eq!(
            text(&good(Command::new(program).args(["completions", shell]))),
            format!("{}\n", installed.trim_end())
        );
        for name in &names {
            assert!(installed.contains(name), "{shell} does not know {name}");
        }
    }
    // As a person with bash has it: `lifeboat re`, Tab.
    let press = "source \"$0\"; COMP_WORDS=(lifeboat re); COMP_CWORD=1; _lifeboat lifeboat re lifeboat; echo \"${COMPREPLY[*]}\"";
    let offered =
        text(&good(Command::new("bash").args(["-c", press]).arg(share.join("bash-completion/completions/lifeboat"))));
    assert_eq!(offered.trim(), "rehearse recoverable reconcile");
}

/// The entry starts what is there, belongs to the window, and has an icon; files that the program opens are told by their begin.
fn the_desktop_finds_it(share: &Path) {
    let file = share.join("applications/lifeboat.desktop");
    let entry = std::fs::read_to_string(&file).unwrap();
    let key = |name: &str| entry.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix('=')).unwrap().to_owned();
    if there("desktop-file-validate") {
        good(Command::new("desktop-file-validate").arg(&file));
    }
    let window = viewport(&Memory::default());
    assert_eq!(Some(key("StartupWMClass")), window.app_id, "a task bar shows window and entry as one");
    assert_eq!(file.file_stem().unwrap().to_str(), window.app_id.as_deref(), "and so it does on Wayland");
    let start = key("Exec");
    let words: Vec<&str> = start.split(' ').collect();
    assert_eq!((words[0], words[2]), ("lifeboat", "%f"));
    good(Command::new(env!("CARGO_BIN_EXE_lifeboat")).args([words[1], "--help"]));
    for side in [16, 32, 48, 128, 256, 512] {
        let icon = share.join(format!("icons/hicolor/{side}x{side}/apps/{}.png", key("Icon")));
        let icon = image::open(&icon).unwrap().into_rgba8();
        assert_eq!(icon.dimensions(), (side, side));
        let middle = side / 2;
        assert_eq!(icon.get_pixel(middle, middle)[3], 0, "a ring is open in the middle");
        assert_eq!(icon.get_pixel(middle, side / 6)[3], 255, "and closed where it is");
    }

    let mime = std::fs::read_to_string(share.join("mime/packages/lifeboat.xml")).unwrap();
    let kind = key("MimeType");
    assert!(mime.contains(&format!("<mime-type type=\"{}\">", kind.trim_end_matches(';'))), "{kind}");
    let begins: Vec<String> =
        mime.split("value=\"").skip(1).map(|v| v.split('"').next().unwrap().replace("\\n", "\n")).collect();
    let known = |path: &Path| {
        let text = std::fs::read_to_string(path).unwrap();
        begins.iter().any(|b| text.find(b.as_str()).is_some_and(|at| at <= 4_096))
    };
    for own in files(&root().join("assets/plans")).iter().chain(&files(&root().join("runbooks"))) {
        let ron = own.extension().is_some_and(|e| e == "ron") && !own.parent().unwrap().ends_with("parts");
        assert_eq!(known(own), ron || own.ends_with("README.md"), "{}", own.display());
    }
    assert!(!known(&root().join(".rustfmt.toml")) && !known(&root().join("src/plan/model.rs")));

    let about = std::fs::read_to_string(share.join("metainfo/lifeboat.metainfo.xml")).unwrap();
    assert!(about.contains(concat!("<release version=\"", env!("CARGO_PKG_VERSION"), "\"")), "{about}");
    if there("appstreamcli") {
        let out = Command::new("appstreamcli")
            .args(["validate", "--no-net"])
            .arg(share.join("metainfo/lifeboat.metainfo.xml"))
            .output();
        let said = text(&out.unwrap());
        let found: Vec<&str> = said.lines().filter(|l| l.starts_with("E:") || l.starts_with("W:")).collect();
        // There is no domain to take a name from.
        assert!(found.iter().all(|l| l.contains("cid-desktopapp-is-not-rdns")), "{said}");
    }
}

/// Ours, the fonts', and of every crate in the program.
fn licences(doc: &Path) {
    let own = std::fs::read_to_string(doc.join("copyright")).unwrap();
    for part in [
        "License: Expat\n Permission is hereby granted",
        "License: OFL-1.1\n B612",
        "SIL OPEN FONT LICENSE Version 1.1",
        "Natural Earth",
    ] {
        assert!(own.contains(part), "{part}");
    }
    let crates = text(&good(Command::new("gzip").arg("-dc").arg(doc.join("crates.gz"))));
    let list: Vec<&str> = crates.lines().skip(2).take_while(|l| !l.is_empty()).collect();
    assert!(list.len() > 200, "{}", list.len());
    for line in &list {
        assert!(line.split_once(": ").is_some_and(|(_, l)| l.len() >= 3), "{line}");
        for text in line.split_once(" [").map_or("", |(_, t)| t.trim_end_matches(']')).split_whitespace() {
            assert!(crates.contains(&format!("\n== {text} ==\n")), "{line}");
        }
    }
    let fonts = list.iter().find(|l| l.starts_with("epaint_default_fonts-")).unwrap();
    assert!(fonts.contains("OFL-1.1") && fonts.contains('['), "{fonts}");
}

/// What is given away says which commit it is, or at least its version; see `build.rs`.
#[test]
fn a_build_names_its_commit_and_an_archive_does_without() {
    if !there("git") || !there("rustc") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("script");
    good(Command::new("rustc").args(["--edition", "2024", "-o"]).arg(&script).arg(root().join("build.rs")));
    let tree = dir.path().join("tree");
    std::fs::create_dir_all(tree.join("src")).unwrap();
    for file in ["Cargo.toml", "src/main.rs"] {
        std::fs::write(tree.join(file), "").unwrap();
    }
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Ada").env(format!("GIT_{who}_EMAIL"), "ada@example.com");
        }
        text(&good(command.args(args).current_dir(&tree))).trim().to_owned()
    };
    let says = |profile: &str| {
        let mut command = Command::new(&script);
        command.env("CARGO_PKG_VERSION", "1.2.3").env("PROFILE", profile).current_dir(&tree);
        // An archive below somebody's repository is none of it; here, above it there is none.
        let said = text(&good(command.env("GIT_CEILING_DIRECTORIES", dir.path())));
        let version = said.lines().find_map(|l| l.strip_prefix("cargo::rustc-env=LIFEBOAT_VERSION=")).unwrap();
        let watched =
            said.lines().filter_map(|l| l.strip_prefix("cargo::rerun-if-changed=")).map(str::to_owned).collect();
        (version.to_owned(), watched)
    };
    let archive: (String, Vec<String>) = says("release");
    assert_eq!(archive, ("1.2.3".to_owned(), vec!["build.rs".to_owned()]));
    git(&["init", "--quiet"]);
    assert_eq!(says("release").0, "1.2.3", "a repository that does not hold the sources");
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "one"]);
    let commit = git(&["rev-parse", "--short=10", "HEAD"]);
    let (version, watched) = says("release");
    assert_eq!(version, format!("1.2.3 ({commit})"));
    assert!(watched.contains(&".git/logs/HEAD".to_owned()) && watched.contains(&"src".to_owned()), "{watched:?}");
    std::fs::write(tree.join("notes.txt"), "not in the program").unwrap();
    assert_eq!(says("release").0, format!("1.2.3 ({commit})"));
    std::fs::write(tree.join("src/new.rs"), "").unwrap();
    assert_eq!(says("release").0, format!("1.2.3 ({commit}-dirty)"));
    assert_eq!(
        says("debug"),
        ("1.2.3 (debug build)".to_owned(), vec!["build.rs".to_owned()]),
        "no rebuild for a commit"
    );
}

//! Where a record is kept: what is refused, by a table of places; and a real folder of each kind that can be made here.

use std::fs;
use std::path::{Path, PathBuf};

use lifeboat::journal::{Place, RealDisk, Unsafe, mounted, read_run};
use lifeboat::record::Kind;

use crate::crash::{Place as Home, ended};

fn network(kind: &str) -> Option<Unsafe> {
    Some(Unsafe::Network(kind.to_owned()))
}

fn on(mount: &str) -> Option<Unsafe> {
    let path = PathBuf::from("/home/ada/.local/share/lifeboat/runs");
    Place { path, mount: Some(mount.to_owned()), ..Place::default() }.verdict()
}

#[test]
fn a_disk_of_this_computer_is_fine_and_that_of_another_is_not() {
    for kind in ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "vfat", "fuseblk", "fuse.ntfs-3g", "fuse.gocryptfs"]
    {
        assert_eq!(on(kind), None, "{kind}");
    }
    for kind in ["nfs", "nfs4", "cifs", "smb3", "afs", "ceph", "9p", "virtiofs", "fuse.sshfs", "fuse.rclone"] {
        assert_eq!(on(kind), network(kind), "{kind}");
    }
    for kind in ["fuse.gvfsd-fuse", "fuse.blobfuse2", "fuse.s3fs", "fuse.glusterfs", "fuse.google-drive-ocamlfuse"] {
        assert_eq!(on(kind), network(kind), "{kind}");
    }
    for kind in ["fuse", "fuse.something-new"] {
        assert_eq!(on(kind), Some(Unsafe::Unknown(kind.to_owned())));
    }
}

#[test]
fn folders_that_programs_copy_elsewhere_are_known_by_their_names() {
    let at = |path: &str| Place { path: PathBuf::from(path), ..Place::default() }.verdict();
    for (path, by) in [
        ("/home/ada/OneDrive/lifeboat/runs", "OneDrive"),
        ("/home/ada/OneDrive - Contoso/dr/runs", "OneDrive"),
        ("/home/ada/Dropbox (Contoso)/dr/runs", "Dropbox"),
        ("/Users/ada/Google Drive/dr/runs", "Google Drive"),
        ("/Users/ada/Library/Mobile Documents/com~apple~CloudDocs/dr/runs", "iCloud Drive"),
        ("/Users/ada/Library/CloudStorage/Whatever-ada/dr/runs", "a cloud storage program"),
        ("/home/ada/Nextcloud/dr/runs", "Nextcloud"),
        ("/home/ada/ownCloud/dr/runs", "ownCloud"),
    ] {
        assert_eq!(at(path), Some(Unsafe::Synced(by)), "{path}");
    }
    for path in [
        "/home/dropbox/.local/share/lifeboat/runs",
        "/home/ada/OneDriver/runs",
        "/Users/ada/Library/Application Support/lifeboat/runs",
        "/srv/nextcloud-backup/runs",
        "runs",
    ] {
        assert_eq!(at(path), None, "{path}");
    }
    for path in [r"\\server\share\lifeboat\runs", r"\\?\UNC\server\share\runs"] {
        assert_eq!(at(path), network("a shared folder"), "{path}");
    }
    assert_eq!(at(r"\\?\C:\Users\ada\lifeboat\runs"), None);
    // What Windows says of OneDrive counts, whatever the folder is called.
    let synced = vec![(PathBuf::from("/home/ada/Mine"), "OneDrive")];
    let said = |path: &str| Place { path: path.into(), synced: synced.clone(), ..Place::default() }.verdict();
    assert_eq!(said("/home/ada/Mine/runs"), Some(Unsafe::Synced("OneDrive")));
    assert_eq!(said("/home/ada/Mine2/runs"), None);
}

#[test]
fn folders_that_programs_copy_elsewhere_are_known_by_what_lies_in_them() {
    let with = |marker: &str| Place { markers: vec![marker.to_owned()], ..Place::default() }.verdict();
    for (marker, by) in [
        (".stfolder/", "Syncthing"),
        (".dropbox", "Dropbox"),
        (".dropbox.cache/", "Dropbox"),
        (".tmp.driveupload/", "Google Drive"),
        (".sync_0a1b2c.db", "Nextcloud"),
        ("._sync_0a1b2c.db", "ownCloud"),
    ] {
        assert_eq!(with(marker), Some(Unsafe::Synced(by)), "{marker}");
    }
    for marker in [".dropbox/", ".git/", ".sync_notes.txt", ".config/"] {
        assert_eq!(with(marker), None, "{marker}");
    }
}

#[test]
fn the_mount_table_is_read_as_it_is_written() {
    let table = "\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:35 / /home rw shared:2 master:1 - nfs4 server:/home rw
41 40 0:36 / /home/ada/my\\040disk rw - fuse.sshfs ada@host:/ rw
42 22 0:37 / /mnt rw - ext4 /dev/sdb1 rw
43 42 0:38 / /mnt rw - cifs //server/share rw
";
    let kind = |path: &str| mounted(table, Path::new(path));
    assert_eq!(kind("/var/lib").as_deref(), Some("ext4"));
    assert_eq!(kind("/home/ada").as_deref(), Some("nfs4"));
    assert_eq!(kind("/home/ada/my disk/runs").as_deref(), Some("fuse.sshfs"));
    assert_eq!(kind("/homes").as_deref(), Some("ext4"));
    // What was mounted over it later counts.
    assert_eq!(kind("/mnt/x").as_deref(), Some("cifs"));
    assert_eq!(mounted("", Path::new("/")), None);
}

#[test]
#[cfg(target_os = "linux")]
fn a_real_folder_is_looked_at_with_its_links_resolved_and_before_it_is_made() {
    let temp = tempfile::tempdir().unwrap();
    let look = |path: &Path| Place::look(path);
    assert_eq!(look(&temp.path().join("not/yet/runs")).verdict(), None);
    let synced = temp.path().join("Dropbox");
    fs::create_dir(&synced).unwrap();
    std::os::unix::fs::symlink(&synced, temp.path().join("mine")).unwrap();
    assert_eq!(look(&temp.path().join("mine/lifeboat/runs")).verdict(), Some(Unsafe::Synced("Dropbox")));
    let small = temp.path().join("small");
    fs::create_dir(&small).unwrap();
    if crate::desk::mount(&small, "size=1m") {
        let place = look(&small.join("runs"));
        assert_eq!((place.mount.as_deref(), place.verdict()), (Some("tmpfs"), None));
        let _ = std::process::Command::new("umount").arg("-l").arg(&small).output();
    } else {
        crate::left_out("the type of a mounted file system: nothing can be mounted here");
    }
    crate::left_out("a folder on a real NFS, SMB or FUSE file system: only their types are tried");
}

#[test]
fn runs_are_begun_in_such_a_folder_for_a_reason_only_and_are_always_read() {
    let place = Home::new();
    let marker = place.home().join(".stfolder");
    fs::create_dir(&marker).unwrap();
    let refused = place.rehearse(&["region-loss", "--strategy", "hot/warm"], true).output().unwrap();
    ended(&refused, &[3], "refused");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    for words in ["Syncthing copies what is in it elsewhere", "--home", "--unsafe-home REASON", "runs"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(place.only(), None, "nothing was begun");

    let run = |flag: bool| {
        let mut c = place.rehearse(&["region-loss", "--strategy", "hot/warm"], true);
        let reason = "No other disk is left.";
        if flag {
            c.args(["--unsafe-home", reason])
        } else {
            c.env("LIFEBOAT_UNSAFE_HOME", reason)
        };
        c.env("LIFEBOAT_OPERATOR", "Ada").output().unwrap()
    };
    let out = run(true);
    ended(&out, &[0, 1], "with a reason");
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(said.contains("The record is kept where it may be lost") && said.contains("No other disk"), "{said}");
    let id = place.only().unwrap();
    let records = read_run(&RealDisk, &place.run(&id)).unwrap();
    let first = records.iter().find(|r| !r.body.kind.as_str().starts_with("log.")).unwrap();
    assert_eq!((first.body.kind, &first.body.d["reason"]), (Kind::ConfigChange, &"No other disk is left.".into()));
    assert!(first.raw.contains("Ada"), "who gave it: {}", first.raw);

    // Reading needs no reason.
    ended(&place.lifeboat(&["verify"]).arg(place.run(&id)).output().unwrap(), &[0, 1], "verify");
    let listed = place.lifeboat(&["runs", "--json"]).output().unwrap();
    assert!(String::from_utf8_lossy(&listed.stdout).contains(&id));
    ended(&place.lifeboat(&["runs", &id]).output().unwrap(), &[0], "its record");
    fs::remove_dir_all(place.run(&id)).unwrap();
    ended(&run(false), &[0, 1], "with a reason from the environment");

    // One that is open is only read.
    fs::remove_dir_all(place.run(&place.only().unwrap())).unwrap();
    fs::remove_dir(&marker).unwrap();
    let mut died = place.rehearse(&["region-loss", "--strategy", "hot/warm"], true);
    assert_eq!(died.env("LIFEBOAT_CRASH", "after-change:2").output().unwrap().status.code(), None);
    fs::create_dir(&marker).unwrap();
    let id = place.only().unwrap();
    let before = crate::crash::journal_bytes(&place.run(&id));
    let out = place.rehearse(&["--resume", &id], true).output().unwrap();
    ended(&out, &[3], "resumed");
    assert!(String::from_utf8_lossy(&out.stderr).contains("Syncthing"));
    assert_eq!(crate::crash::journal_bytes(&place.run(&id)), before);
    let out = place.rehearse(&["--resume", &id, "--unsafe-home", "It began here."], true).output().unwrap();
    ended(&out, &[0, 1], "resumed with a reason");
}

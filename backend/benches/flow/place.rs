//! Where the measured databases live: a folder on a disk, never in memory.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::Result;
use crate::report::{Report, Times};

/// A folder of this run, deleted afterwards.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes the folder below cargo's target folder.
    ///
    /// # Errors
    /// If it is not on a disk: a commit to memory proves nothing.
    pub fn new() -> Result<Self> {
        let kept = kept()?;
        remove_remains(&kept);
        let folder = kept.join(format!("run-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    /// A path inside.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be deleted lies in cargo's target folder, where `cargo clean` finds it.
        let _left = fs::remove_dir_all(&self.0);
    }
}

/// Deletes what runs left that were killed.
fn remove_remains(kept: &Path) {
    for folder in fs::read_dir(kept).into_iter().flatten().flatten() {
        let name = folder.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix("run-"));
        if process.is_some_and(|id| !Path::new("/proc").join(id).exists()) {
            // As above.
            let _left = fs::remove_dir_all(folder.path());
        }
    }
}

/// The folder that outlives a run, for what is dear to make.
///
/// # Errors
/// If it is not on a disk.
pub fn kept() -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("flow");
    fs::create_dir_all(&folder)?;
    let (device, kind) = filesystem(&folder)?;
    if matches!(kind.as_str(), "tmpfs" | "ramfs" | "devtmpfs") {
        return Err(
            format!("{} is {kind} ({device}); set CARGO_TARGET_DIR to a disk", folder.display()).into()
        );
    }
    Ok(folder)
}

/// The device and kind of the file system that holds `folder`, from `/proc/mounts`.
fn filesystem(folder: &Path) -> Result<(String, String)> {
    let folder = folder.canonicalize()?;
    let mounts = fs::read_to_string("/proc/mounts")?;
    mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?, words.next()?, words.next()?))
        })
        .filter(|(_, place, _)| folder.starts_with(place.replace("\\040", " ")))
        .max_by_key(|(_, place, _)| place.len())
        .map(|(device, _, kind)| (device.to_owned(), kind.to_owned()))
        .ok_or_else(|| "the folder is on no file system".into())
}

/// Describes the machine, so that figures of different runs can be told apart.
///
/// # Errors
/// The system's.
pub fn describe(folder: &Scratch, report: &mut Report) -> Result<()> {
    let cores = std::thread::available_parallelism()?;
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown processor", |(_, name)| name);
    let (_, kind) = filesystem(&folder.0)?;
    let path = folder.join("sync");
    let mut file = fs::File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..100 {
        file.write_all(&[7; 64 * 1024])?;
        let begun = Instant::now();
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    fs::remove_file(path)?;
    let times = Times::new(times)?;
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown");
    report.note(format!(
        "{cores} cores ({processor}) shared by the service, the load generator and the stand-in GitLab; {kind}: 64 KiB \
         appended and synced in {:.2} ms (p50), {:.2} ms (p99); load average before: {load}",
        times.quantile(0.5),
        times.quantile(0.99)
    ));
    Ok(())
}

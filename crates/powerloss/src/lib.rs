//! A disk that forgets, for SQLite in this process: what is written reaches the file when it is synchronised, and not before but by
//! chance. A test that kills the process then has what a machine has after its power failed: all that was synchronised, and of
//! the rest any part.
//!
//! It is SQLite's own virtual file system with a few methods replaced. Locks and shared memory stay as they are, so other
//! processes work on the same files; they see what is on the disk.

use std::collections::HashMap;
use std::ffi::{CStr, c_int, c_void};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use rusqlite::ffi;

/// Writes that reach the file at once, in a hundred: a system writes what it likes when it likes.
const EARLY: u64 = 30;
/// What is kept back: databases, their logs and their journals.
const KEPT_BACK: c_int = ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL;

/// How honest the disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Honesty {
    /// What was synchronised is there.
    Honest,
    /// It says so of a write-ahead log too soon, as a database does that does not wait for it (`synchronous=NORMAL`).
    LiesOfLogs,
}

/// A change that is not on the disk.
enum Change {
    Write(i64, Vec<u8>),
    Truncate(i64),
}

/// A file as this process sees it.
struct Contents {
    seen: Vec<u8>,
    pending: Vec<Change>,
    is_log: bool,
}

/// A file's methods, and what it holds.
struct Opened {
    contents: Arc<Mutex<Contents>>,
    path: String,
    original: &'static ffi::sqlite3_io_methods,
}

/// All open files, by the address at which SQLite has them.
#[derive(Default)]
struct Files {
    opened: HashMap<usize, Opened>,
    by_path: HashMap<String, Weak<Mutex<Contents>>>,
}

type OpenFile = unsafe extern "C" fn(
    *mut ffi::sqlite3_vfs,
    ffi::sqlite3_filename,
    *mut ffi::sqlite3_file,
    c_int,
    *mut c_int,
) -> c_int;

static FILES: OnceLock<Mutex<Files>> = OnceLock::new();
static ORIGINAL_OPEN: OnceLock<OpenFile> = OnceLock::new();
static LIES: AtomicBool = AtomicBool::new(false);
static DICE: AtomicU64 = AtomicU64::new(1);

fn files() -> MutexGuard<'static, Files> {
    FILES.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

fn locked(contents: &Mutex<Contents>) -> MutexGuard<'_, Contents> {
    contents.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts the disk below every database that this process opens from now on. `seed` decides what is written early.
///
/// # Panics
///
/// If SQLite has no file system of its own, or does not take this one.
pub fn put_below(honesty: Honesty, seed: u64) {
    LIES.store(honesty == Honesty::LiesOfLogs, Ordering::SeqCst);
    DICE.store(seed | 1, Ordering::SeqCst);
    // SAFETY: with a null name it returns the default one, which lives as long as the process.
    let default = unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) };
    assert!(!default.is_null(), "SQLite has no file system");
    // SAFETY: it is not null, and is plain data that is never changed after its registration.
    let mut ours = unsafe { *default };
    ORIGINAL_OPEN.get_or_init(|| ours.xOpen.expect("a file system opens files"));
    ours.zName = c"forgetful".as_ptr();
    ours.pNext = std::ptr::null_mut();
    ours.xOpen = Some(open);
    // SAFETY: it lives as long as the process, and its functions are what SQLite expects.
    let registered = unsafe { ffi::sqlite3_vfs_register(Box::leak(Box::new(ours)), 1) };
    assert_eq!(registered, ffi::SQLITE_OK, "SQLite does not take the file system");
}

/// Opens a file by the original function, and puts other methods over it.
unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let original_open = ORIGINAL_OPEN.get().expect("it was put below");
    // SAFETY: the arguments are SQLite's own, passed on as they came.
    let opened = unsafe { original_open(vfs, name, file, flags, out_flags) };
    if opened != ffi::SQLITE_OK || name.is_null() || flags & KEPT_BACK == 0 {
        return opened;
    }
    // SAFETY: SQLite gives names that end with a zero.
    let path = unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned();
    // SAFETY: an opened file has methods, which are static data of SQLite.
    let original: &'static ffi::sqlite3_io_methods = unsafe { &*(*file).pMethods };
    let mut files = files();
    let known = files.by_path.get(&path).and_then(Weak::upgrade);
    let contents = known.unwrap_or_else(|| {
        let seen = std::fs::read(&path).unwrap_or_default();
        let is_log = flags & ffi::SQLITE_OPEN_WAL != 0;
        Arc::new(Mutex::new(Contents { seen, pending: Vec::new(), is_log }))
    });
    files.by_path.insert(path.clone(), Arc::downgrade(&contents));
    files.opened.insert(file as usize, Opened { contents, path, original });
    let methods = ffi::sqlite3_io_methods {
        // The methods after the second version map the file into memory, past all this.
        iVersion: 2,
        xClose: Some(close),
        xRead: Some(read),
        xWrite: Some(write),
        xTruncate: Some(truncate),
        xSync: Some(sync),
        xFileSize: Some(file_size),
        ..*original
    };
    // SAFETY: the file is open, and these live as long as the process.
    unsafe { (*file).pMethods = Box::leak(Box::new(methods)) };
    ffi::SQLITE_OK
}

/// The contents and the original methods of an open file.
fn find(file: *mut ffi::sqlite3_file) -> (Arc<Mutex<Contents>>, &'static ffi::sqlite3_io_methods) {
    let files = files();
    let opened = files.opened.get(&(file as usize)).expect("an open file");
    (Arc::clone(&opened.contents), opened.original)
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let mut files = files();
    let opened = files.opened.remove(&(file as usize)).expect("an open file");
    // The process goes on, so nothing is forgotten.
    if Arc::strong_count(&opened.contents) == 1 {
        let mut contents = locked(&opened.contents);
        for change in std::mem::take(&mut contents.pending) {
            // SAFETY: the file is open until the original method closes it.
            unsafe { apply(file, opened.original, &change) };
        }
        files.by_path.remove(&opened.path);
    }
    drop(files);
    // SAFETY: it is the method with which the file was opened.
    unsafe {
        (*file).pMethods = opened.original;
        opened.original.xClose.map_or(ffi::SQLITE_OK, |close| close(file))
    }
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    buffer: *mut c_void,
    amount: c_int,
    offset: i64,
) -> c_int {
    let (contents, _) = find(file);
    let contents = locked(&contents);
    let (amount, offset) = (amount as usize, offset as usize);
    // SAFETY: SQLite gives a buffer of so many bytes.
    let buffer = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), amount) };
    let from = contents.seen.get(offset..).unwrap_or_default();
    let there = from.len().min(amount);
    buffer[..there].copy_from_slice(&from[..there]);
    buffer[there..].fill(0);
    if there == amount { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_SHORT_READ }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    amount: c_int,
    offset: i64,
) -> c_int {
    let (contents, original) = find(file);
    let mut contents = locked(&contents);
    // SAFETY: SQLite gives so many bytes.
    let bytes = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), amount as usize) }.to_vec();
    let (start, end) = (offset as usize, offset as usize + bytes.len());
    if contents.seen.len() < end {
        contents.seen.resize(end, 0);
    }
    contents.seen[start..end].copy_from_slice(&bytes);
    let change = Change::Write(offset, bytes);
    if is_early() {
        // SAFETY: the file is open.
        unsafe { apply(file, original, &change) };
    }
    contents.pending.push(change);
    ffi::SQLITE_OK
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    let (contents, _) = find(file);
    let mut contents = locked(&contents);
    contents.seen.resize(size as usize, 0);
    contents.pending.push(Change::Truncate(size));
    ffi::SQLITE_OK
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    let (contents, original) = find(file);
    let mut contents = locked(&contents);
    if contents.is_log && LIES.load(Ordering::SeqCst) {
        return ffi::SQLITE_OK;
    }
    for change in std::mem::take(&mut contents.pending) {
        // SAFETY: the file is open.
        let applied = unsafe { apply(file, original, &change) };
        if applied != ffi::SQLITE_OK {
            return applied;
        }
    }
    // SAFETY: it is the method with which the file was opened.
    original.xSync.map_or(ffi::SQLITE_OK, |sync| unsafe { sync(file, flags) })
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    let (contents, _) = find(file);
    // SAFETY: SQLite gives a place for the size.
    unsafe { *size = locked(&contents).seen.len() as i64 };
    ffi::SQLITE_OK
}

/// Brings a change to the file.
///
/// # Safety
///
/// The file is open, by these methods.
unsafe fn apply(file: *mut ffi::sqlite3_file, original: &ffi::sqlite3_io_methods, change: &Change) -> c_int {
    match change {
        Change::Write(offset, bytes) => original.xWrite.map_or(ffi::SQLITE_IOERR, |write| {
            // SAFETY: the bytes are there, so many of them.
            unsafe { write(file, bytes.as_ptr().cast(), bytes.len() as c_int, *offset) }
        }),
        Change::Truncate(size) => {
            // SAFETY: as above.
            original.xTruncate.map_or(ffi::SQLITE_IOERR, |truncate| unsafe { truncate(file, *size) })
        }
    }
}

/// xorshift.
fn is_early() -> bool {
    let next = |mut dice: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^ (dice << 17)
    };
    let before = DICE.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |dice| Some(next(dice)));
    before.unwrap_or_default() % 100 < EARLY
}

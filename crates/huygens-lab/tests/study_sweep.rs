//! Sweeps: what is computed, stored, killed, resumed and divided.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use huygens::report::Status;
use huygens_lab::record::{ColumnKind, Parameter, Provenance, RecordError, SweepStore};
use huygens_lab::study::{
    Axis, Column, Evaluation, Grid, Point, PointEvaluator, PointStatus, Progress, Shard, Silent, StudyError, Summary,
    Sweep,
};

/// Values that any error of place or order would change; some points fail their checks, some give no result, one panics.
#[derive(Default)]
struct Waves {
    delay: Duration,
    calls: AtomicU64,
    /// Stops the sweep after this many calls.
    stop_after: Option<(u64, &'static AtomicBool)>,
}

impl PointEvaluator for Waves {
    fn columns(&self) -> Vec<Column> {
        let kinds = ["fixed point", "limit cycle"].map(String::from).to_vec();
        vec![
            Column::number("complete_sync(b1,b2)", "1", "relative complete synchronization"),
            Column::number("period", "1/omega_1", "period of the cycle"),
            Column::category("attractor", kinds, "kind of attractor"),
            Column::number("Mu", "1", "a name that differs from an axis in its capital only"),
        ]
    }

    fn evaluate(&self, point: Point<'_>) -> Result<Evaluation, String> {
        thread::sleep(self.delay);
        let calls = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some((after, stop)) = self.stop_after
            && calls >= after
        {
            stop.store(true, Ordering::SeqCst);
        }
        let (x, y) = (point.values[0], point.values[1]);
        let values = vec![(3.0 * x).sin() * y, x / y, if x < 0.5 { 0.0 } else { 1.0 }, point.index as f64];
        match point.index % 17 {
            3 => Err(format!("diverges at mu = {x}, größer als erlaubt")),
            5 => Ok(Evaluation { values, status: Status::Fail, message: "cycle stable: multiplier 1.2".into() }),
            7 => Ok(Evaluation { values, status: Status::Note, message: String::new() }),
            _ => Ok(values.into()),
        }
    }
}

fn grid() -> Grid {
    let axes = vec![
        Axis::parse("mu=0:1:23").unwrap().described("omega_1", "coupling"),
        Axis::parse("g=0.001:0.1:31:log").unwrap(),
    ];
    Grid::new(axes).unwrap().with_chunk_points(10)
}

fn provenance() -> Provenance {
    let parameter = |name: &str, value: f64, unit: &str| Parameter { name: name.into(), value, unit: unit.into() };
    Provenance {
        command: "huygens sweep waves".into(),
        model_hash: "0123".into(),
        level: "gaussian".into(),
        ordering: "normal".into(),
        tolerance: 1e-10,
        parameters: vec![parameter("kappa", 0.15, "omega_1"), parameter("sum", 0.1 + 0.2, "")],
        ..Provenance::default()
    }
}

fn run(sweep: &Sweep, root: &Path, waves: &Waves) -> Result<Summary, StudyError> {
    sweep.into_store(root, "waves", &provenance(), waves, &Silent, &AtomicBool::new(false))
}

fn whole(root: &Path) -> Summary {
    run(&Sweep::new(grid()), root, &Waves::default()).unwrap()
}

/// Every file under a folder with its bytes.
fn tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(at: &Path, root: &Path, out: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(at).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), root, out);
            } else {
                let name = entry.path().strip_prefix(root).unwrap().to_path_buf();
                out.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(root, root, &mut out);
    out
}

fn same(a: &Path, b: &Path) {
    let (a, b) = (tree(a), tree(b));
    let only = |a: &BTreeMap<PathBuf, _>, b: &BTreeMap<PathBuf, _>| a.keys().find(|k| !b.contains_key(*k)).cloned();
    assert_eq!((only(&a, &b), only(&b, &a)), (None, None));
    for (name, bytes) in &a {
        assert!(bytes == &b[name], "{} differs", name.display());
    }
}

#[test]
fn a_sweep_reads_back() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("deep/store.zarr");
    let summary = whole(&root);
    assert!(summary.complete && !summary.interrupted);
    assert_eq!((summary.points, summary.share, summary.resumed), (713, 713, 0));
    assert_eq!(summary.counts.error, 42);
    assert_eq!(summary.counts.computed(), 713);
    assert_eq!(summary.messages.len(), 5);
    let (index, point, status, message) = &summary.messages[0];
    assert_eq!((*index, *status, point.len()), (3, PointStatus::Error, 2));
    assert_eq!(message, "diverges at mu = 0, größer als erlaubt");

    let store = SweepStore::open(&root).unwrap();
    assert_eq!(store.counts().unwrap(), summary.counts);
    assert!(store.missing().unwrap().is_empty());
    assert_eq!(store.axes()[0].unit, "omega_1");
    assert_eq!(store.axes()[0].values, grid().axes()[0].values().collect::<Vec<_>>());
    assert_eq!(store.grid().chunk_shape(), grid().chunk_shape());
    assert_eq!(store.attributes()["model"], "waves");
    let data = store.load().unwrap();
    let (memory, _) = Sweep::new(grid()).in_memory(&Waves::default(), &Silent, &AtomicBool::new(false)).unwrap();
    assert_eq!(data.status, memory.status);
    assert_eq!(data.messages, memory.messages);
    assert_eq!(data.axes, memory.axes);
    for (column, values) in &memory.columns {
        let stored = data.column(&column.name).unwrap();
        let equal = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits();
        assert!(stored.len() == 713 && stored.iter().zip(values).all(equal), "{}", column.name);
        let nan = stored.iter().filter(|x| x.is_nan()).count();
        assert_eq!(nan, 42, "{}", column.name);
    }
    let labels = ["fixed_point", "limit_cycle"].map(String::from).to_vec();
    assert!(store.columns().any(|c| c.name == "attractor" && c.kind == ColumnKind::Category(labels.clone())));
    assert!(store.column("perod").unwrap_err().to_string().contains("`period`"));

    let mut csv = Vec::new();
    data.write_csv(&mut csv).unwrap();
    let csv = String::from_utf8(csv).unwrap();
    let rows: Vec<_> = csv.lines().filter(|l| !l.starts_with('#')).collect();
    assert_eq!(rows.len(), 714);
    assert_eq!(rows[0], "mu,g,\"complete_sync(b1,b2)\",period,attractor,Mu,status,message");
    assert_eq!(rows[1], "0,0.001,0,0,0,0,pass,");
    assert!(rows[4].ends_with(",,,,,error,\"diverges at mu = 0, größer als erlaubt\""), "{}", rows[4]);
}

#[test]
fn threads_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let root = |n: usize| dir.path().join(n.to_string());
    for n in [1, 2, 7] {
        let summary = run(&Sweep::new(grid()).threads(NonZero::new(n)), &root(n), &Waves::default()).unwrap();
        assert_eq!(summary.threads, n);
    }
    same(&root(1), &root(2));
    same(&root(1), &root(7));
}

#[test]
fn shards_unite_to_the_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    whole(&a);
    // Out of order, and two at the same time.
    let shard = |i| run(&Sweep::new(grid()).shard(Shard::new(i, 3).unwrap()), &b, &Waves::default()).unwrap();
    let last = shard(3);
    assert!(!last.complete && last.share < last.points);
    let store = SweepStore::open(&b).unwrap();
    assert_eq!(store.missing().unwrap().len() as u64, last.points - last.share);
    thread::scope(|scope| {
        let other = scope.spawn(|| shard(1));
        shard(2);
        other.join().unwrap();
    });
    assert!(SweepStore::open(&b).unwrap().missing().unwrap().is_empty());
    same(&a, &b);
}

#[test]
fn overlapping_and_running_shards_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("store");
    let sweep = |i, n| Sweep::new(grid()).shard(Shard::new(i, n).unwrap());
    let refused = |sweep: &Sweep| run(sweep, &root, &Waves::default()).unwrap_err().to_string();
    run(&sweep(1, 2), &root, &Waves::default()).unwrap();
    let again = refused(&sweep(1, 2));
    assert!(again.contains("shard 1/2") && again.contains("begun before") && again.contains("--resume"), "{again}");
    for resume in [false, true] {
        let other = refused(&sweep(1, 3).resume(resume));
        assert!(other.contains("shard 1/3") && other.contains("overlaps with shard 1/2"), "{other}");
    }
    assert!(refused(&Sweep::new(grid())).contains("--resume"));
    // Shard 2 of 4 has no chunk in common with shard 1 of 2.
    run(&sweep(2, 4), &root, &Waves::default()).unwrap();
    // A shard that runs at this moment.
    static STOP: AtomicBool = AtomicBool::new(false);
    thread::scope(|scope| {
        let slow = Waves { delay: Duration::from_millis(5), ..Waves::default() };
        let running = scope.spawn({
            let (root, sweep) = (root.clone(), sweep(4, 4));
            move || sweep.into_store(&root, "waves", &provenance(), &slow, &Silent, &STOP).unwrap()
        });
        while !root.join(".work/shard-4-of-4").exists() {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_millis(20));
        for sweep in [sweep(4, 4).resume(true), Sweep::new(grid()).resume(true)] {
            let message = refused(&sweep);
            assert!(message.contains("shard 4/4") && message.contains("computed by another process"), "{message}");
        }
        STOP.store(true, Ordering::SeqCst);
        assert!(running.join().unwrap().interrupted);
    });
    // One process alone may take over from shards that do not run any more.
    let summary = run(&Sweep::new(grid()).resume(true), &root, &Waves::default()).unwrap();
    assert!(summary.complete && summary.resumed > summary.points / 2);
    let twin = dir.path().join("twin");
    whole(&twin);
    same(&root, &twin);
    // Now that it is complete there is nothing left to claim.
    assert!(refused(&sweep(1, 2)).contains("begun before"));
    assert!(!root.join(".work").exists());
}

#[test]
fn stores_of_other_things_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("store");
    whole(&root);
    let before = tree(&root);
    let waves = Waves::default();
    let refused = |grid: Grid, model: &str, provenance: &Provenance| {
        for resume in [true, false] {
            let sweep = Sweep::new(grid.clone()).resume(resume);
            let error =
                sweep.into_store(&root, model, provenance, &waves, &Silent, &AtomicBool::new(false)).unwrap_err();
            if resume {
                assert!(matches!(error, StudyError::Record(RecordError::OtherSweep { .. })), "{error}");
                return error.to_string();
            }
        }
        unreachable!()
    };
    let other = refused(grid(), "kerr-pair", &provenance());
    assert!(other.contains("`model` is \"waves\" in the store and \"kerr-pair\" here"), "{other}");
    let mut changed = provenance();
    changed.parameters[0].value = 0.2;
    let other = refused(grid(), "waves", &changed);
    assert!(other.contains("`kappa` is 0.15 in the store and 0.2 here"), "{other}");
    assert!(!other.contains("sum"), "{other}");
    let mut axes = grid().axes().to_vec();
    axes[0] = Axis::parse("mu=0:1:24").unwrap();
    let other = refused(Grid::new(axes).unwrap(), "waves", &provenance());
    assert!(other.contains("mu=0:1:24") && other.contains("more differences"), "{other}");
    // Another wording of the command is not another sweep.
    let worded = Provenance { command: "huygens sweep waves --resume".into(), ..provenance() };
    let sweep = Sweep::new(grid()).resume(true);
    let summary = sweep.into_store(&root, "waves", &worded, &waves, &Silent, &AtomicBool::new(false)).unwrap();
    assert_eq!((summary.resumed, summary.complete), (713, true));
    assert_eq!(waves.calls.load(Ordering::SeqCst), 0);
    assert_eq!(tree(&root), before);

    let exists = run(&Sweep::new(grid()), &root, &waves).unwrap_err().to_string();
    assert!(exists.contains("already holds this sweep") && exists.contains("--resume"), "{exists}");
    let file = dir.path().join("file");
    fs::write(&file, "x").unwrap();
    let home = dir.path().join("home");
    fs::create_dir(&home).unwrap();
    fs::write(home.join("thesis.tex"), "x").unwrap();
    for (path, part) in [(&file, "it is a file"), (&home, "other files"), (&file.join("below"), "cannot write")] {
        let message = run(&Sweep::new(grid()), path, &waves).unwrap_err().to_string();
        assert!(message.contains(part) && message.contains(&path.display().to_string()), "{message}");
        assert!(SweepStore::open(path).is_err());
    }
    assert_eq!(tree(&home).len(), 1);
    fs::write(home.join("zarr.json"), b"\xff\x00garbage").unwrap();
    let message = run(&Sweep::new(grid()).resume(true), &home, &waves).unwrap_err().to_string();
    assert!(message.contains("zarr.json cannot be read"), "{message}");
}

#[test]
fn damaged_chunks_are_computed_again() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    whole(&a);
    whole(&b);
    // Cut short, changed in one bit, and gone.
    fs::write(b.join("period/c/0/0"), [0; 7]).unwrap();
    let path = b.join("complete_sync(b1,b2)/c/3/1");
    let mut bytes = fs::read(&path).unwrap();
    bytes[11] ^= 1;
    fs::write(&path, bytes).unwrap();
    fs::remove_file(b.join("status/c/5/2")).unwrap();
    fs::write(b.join("message/c/0/1"), [1, 2, 3]).unwrap();
    let damaged = SweepStore::open(&b).unwrap().column("period").unwrap_err();
    assert!(damaged.to_string().contains("is damaged"), "{damaged}");
    let missing = SweepStore::open(&b).unwrap().missing().unwrap();
    assert_eq!(missing.first(), Some(&(5 * 31 + 2 * 8)));
    let waves = Waves::default();
    let summary = run(&Sweep::new(grid()).resume(true), &b, &waves).unwrap();
    assert!(summary.complete);
    assert_eq!(waves.calls.load(Ordering::SeqCst), 4 * 8);
    same(&a, &b);
}

#[test]
fn a_stopped_sweep_keeps_its_chunks_and_continues() {
    static STOP: AtomicBool = AtomicBool::new(false);
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    whole(&a);
    let stopping = Waves { stop_after: Some((300, &STOP)), ..Waves::default() };
    let sweep = Sweep::new(grid()).threads(NonZero::new(3));
    let summary = sweep.into_store(&b, "waves", &provenance(), &stopping, &Silent, &STOP).unwrap();
    assert!(summary.interrupted && !summary.complete);
    // What is lost are the chunks in flight: one a thread at most, and the one that was begun last.
    assert!(summary.counts.computed() >= 300 - 3 * 8 - 8, "{:?}", summary.counts);
    assert!(matches!(
        run(&Sweep::new(grid()), &b, &Waves::default()),
        Err(StudyError::Record(RecordError::Exists { .. }))
    ));
    let waves = Waves::default();
    let rest = run(&Sweep::new(grid()).resume(true), &b, &waves).unwrap();
    assert_eq!(rest.resumed, summary.counts.computed());
    assert_eq!(waves.calls.load(Ordering::SeqCst), rest.points - rest.resumed);
    assert_eq!(rest.counts.error, 42);
    same(&a, &b);
}

#[test]
fn what_goes_wrong_at_a_point_stays_there() {
    struct Rough;
    impl PointEvaluator for Rough {
        fn columns(&self) -> Vec<Column> {
            vec![Column::number("x", "1", "")]
        }
        fn evaluate(&self, point: Point<'_>) -> Result<Evaluation, String> {
            assert!(point.index != 2, "point two is bad");
            Ok(vec![point.values[0]].into())
        }
    }
    struct Wrong(usize);
    impl PointEvaluator for Wrong {
        fn columns(&self) -> Vec<Column> {
            vec![Column::number("x", "1", ""); self.0]
        }
        fn evaluate(&self, _point: Point<'_>) -> Result<Evaluation, String> {
            Ok(vec![1.0; 2].into())
        }
    }
    let sweep = Sweep::new(Grid::new(vec![Axis::parse("x=0:4:5").unwrap()]).unwrap());
    let stop = AtomicBool::new(false);
    let (data, summary) = sweep.in_memory(&Rough, &Silent, &stop).unwrap();
    assert_eq!(data.status, [1, 1, 4, 1, 1]);
    assert!(data.messages[&2].contains("point two is bad"));
    assert_eq!(summary.counts.error, 1);
    let error = sweep.in_memory(&Wrong(1), &Silent, &stop).unwrap_err().to_string();
    assert!(error.contains("announced 1 columns and gave 2"), "{error}");
    assert!(matches!(sweep.in_memory(&Wrong(0), &Silent, &stop), Err(StudyError::NoColumns)));
}

#[test]
fn progress_counts_every_point() {
    #[derive(Default)]
    struct Counter([AtomicU64; 4]);
    impl Progress for Counter {
        fn start(&self, total: u64, done: u64) {
            self.0[0].store(total, Ordering::SeqCst);
            self.0[1].store(done, Ordering::SeqCst);
        }
        fn advance(&self) {
            self.0[1].fetch_add(1, Ordering::SeqCst);
        }
        fn finish(&self, interrupted: bool) {
            self.0[2].store(1 + u64::from(interrupted), Ordering::SeqCst);
        }
    }
    let counter = Counter::default();
    Sweep::new(grid()).in_memory(&Waves::default(), &counter, &AtomicBool::new(false)).unwrap();
    assert_eq!(counter.0.each_ref().map(|c| c.load(Ordering::SeqCst)), [713, 713, 1, 0]);
}

/// Not a test of its own: the process that the tests below start and kill.
#[test]
fn child() {
    let Some(root) = std::env::var_os("HUYGENS_TEST_STORE") else {
        return;
    };
    let points = std::env::var("HUYGENS_TEST_POINTS").map_or(0, |n| n.parse().unwrap());
    if points > 0 {
        let grid = Grid::new(vec![Axis::parse(&format!("x=0:1:{points}")).unwrap()]).unwrap();
        struct Cheap;
        impl PointEvaluator for Cheap {
            fn columns(&self) -> Vec<Column> {
                (0..8).map(|i| Column::number(format!("x{i}"), "1", "")).collect()
            }
            fn evaluate(&self, point: Point<'_>) -> Result<Evaluation, String> {
                Ok(vec![point.values[0]; 8].into())
            }
        }
        let sweep = Sweep::new(grid).threads(NonZero::new(2));
        let stop = AtomicBool::new(false);
        sweep.into_store(Path::new(&root), "cheap", &provenance(), &Cheap, &Silent, &stop).unwrap();
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
        fs::write(Path::new(&root).with_extension("peak"), peak.split_whitespace().nth(1).unwrap()).unwrap();
        return;
    }
    let waves = Waves { delay: Duration::from_micros(300), ..Waves::default() };
    let sweep = Sweep::new(grid()).resume(true).threads(NonZero::new(3));
    run(&sweep, Path::new(&root), &waves).unwrap();
}

fn spawn(root: &Path, points: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child"])
        .env("HUYGENS_TEST_STORE", root)
        .env("HUYGENS_TEST_POINTS", points.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn killed_and_resumed_is_bit_identical() {
    let dir = tempfile::tempdir().unwrap();
    let uninterrupted = dir.path().join("uninterrupted");
    whole(&uninterrupted);
    let expected = tree(&uninterrupted);
    let root = dir.path().join("killed");
    let mut kills = 0;
    // Each life is a little longer than the one before, until one reaches the end.
    for life in 1.. {
        let mut process = spawn(&root, 0);
        let until = Instant::now() + Duration::from_millis(7 * life);
        let ended = loop {
            if process.try_wait().unwrap().is_some() {
                break true;
            }
            if Instant::now() >= until {
                break false;
            }
            thread::sleep(Duration::from_millis(1));
        };
        if ended {
            break;
        }
        process.kill().unwrap();
        process.wait().unwrap();
        kills += 1;
        if !root.exists() {
            continue;
        }
        // Whatever is there is whole, and as it will be in the end.
        for (name, bytes) in tree(&root) {
            assert!(name.starts_with(".work") || expected[&name] == bytes, "{} is not whole", name.display());
        }
    }
    assert!(kills >= 5, "only {kills} kills");
    same(&uninterrupted, &root);
}

#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_the_sweep() {
    let dir = tempfile::tempdir().unwrap();
    let peak = |points: u64| -> u64 {
        let root = dir.path().join(format!("{points}"));
        assert!(spawn(&root, points).wait().unwrap().success());
        fs::read_to_string(root.with_extension("peak")).unwrap().parse().unwrap()
    };
    let (short, long) = (peak(10_000), peak(300_000));
    // Eight columns of 300 000 points would be 19 MB.
    assert!(long < short + 4_000, "{short} kB for 10 000 points, {long} kB for 300 000");
}

//! One recording in every dress, and everything that can be wrong with one.

use super::*;
use crate::record::{Npz, crc32_ieee};
use proptest::prelude::*;

fn read(name: &str, bytes: impl Into<Vec<u8>>) -> Result<Recording> {
    assemble(&[Input::new(name, bytes)], &Reading::default())
}

fn with(bytes: impl Into<Vec<u8>>, reading: Reading) -> Result<Recording> {
    assemble(&[Input::new("file", bytes)], &reading)
}

fn at_rate(rate: f64) -> Reading {
    Reading { rate: Some(rate), ..Reading::default() }
}

fn npy(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
    while !(header.len() + 11).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(data);
    bytes
}

fn wav(code: u16, bits: u16, channels: u16, data: &[u8]) -> Vec<u8> {
    let size = bits / 8 * channels;
    let mut bytes = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
    bytes.extend(code.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(8000u32.to_le_bytes());
    bytes.extend((8000 * u32::from(size)).to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn a_table_reads_the_same_in_every_dress() {
    let expected = read("x", "t,x1,x2\n0,1,5\n0.5,2,6.5\n1,3,7\n1.5,4,9\n").unwrap();
    assert_eq!(expected.channels[0].values, [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(expected.sampling, Sampling::Uniform { rate: 2.0 });
    assert_eq!(expected.notes, ["x: the times are in column t"]);
    for text in [
        "t\tx1\tx2\r\n0\t1\t5\r\n0.5\t2\t6.5\r\n1\t3\t7\r\n1.5\t4\t9\r\n",
        "# recorded on Monday\nTime (s);x1;x2\n0;1;5\n0,5;2;6,5\n\n1;3;7\n1,5;4;9",
        "  0   1.0  5\n 0.5 2e0 6.5\n1 3 7\n% end\n1.5 4 9\n",
        "\u{feff}\"t\", \"x1\", \"x2\"\n0,1,5\n5e-1,2,6.5\n1,3,7\n1.5,4,9\n",
        "x1,seconds,x2\n1,0,5\n2,0.5,6.5\n3,1,7\n4,1.5,9\n",
    ] {
        let found = read("x", text).unwrap();
        let values = |r: &Recording| r.channels.iter().map(|c| c.values.clone()).collect::<Vec<_>>();
        assert_eq!((values(&found), &found.times), (values(&expected), &expected.times), "{text}");
        assert_eq!(found.sampling, expected.sampling);
    }
    let rated = with("1 5\n2 6.5\n3 7\n4 9\n", at_rate(2.0)).unwrap();
    assert_eq!((&rated.channels, &rated.times), (&expected.channels, &expected.times));
    // Columns of choice, and the notes about what was left out.
    let choice = Reading { columns: vec!["x2".into()], ..Reading::default() };
    assert_eq!(with("t,x1,x2\n0,a,5\n1,b,6\n2,c,7\n3,d,9\n", choice).unwrap().channels[0].values, [5.0, 6.0, 7.0, 9.0]);
    let words = read("x", "t,who,x\n0,a,5\n1,b,6\n2,c,7\n3,d,9\n").unwrap();
    assert!(words.notes.iter().any(|n| n.contains("left out, words: who")), "{:?}", words.notes);
}

#[test]
fn binary_formats_read_what_was_written() {
    let x = [0.5f64, -1.0, 2.0, 0.25, 8.0, -3.0];
    let le = |f: &dyn Fn(f64) -> Vec<u8>| x.iter().flat_map(|v| f(*v)).collect::<Vec<u8>>();
    for (descr, data) in [
        ("<f8", le(&|v| v.to_le_bytes().to_vec())),
        (">f8", le(&|v| v.to_be_bytes().to_vec())),
        ("<f4", le(&|v| (v as f32).to_le_bytes().to_vec())),
        (">f4", le(&|v| (v as f32).to_be_bytes().to_vec())),
    ] {
        let one = with(npy(descr, false, "(6,)", &data), at_rate(1.0)).unwrap();
        assert_eq!(one.channels[0].values, x, "{descr}");
        let two = with(npy(descr, false, "(3, 2)", &data), at_rate(1.0));
        assert!(two.unwrap_err().message.contains("3 samples"));
        let rows = with(npy(descr, false, "(1, 6)", &data), at_rate(1.0)).unwrap();
        assert_eq!(rows.channels[0].values, x);
    }
    for (descr, data) in [
        ("<i2", (0i16..8).flat_map(i16::to_le_bytes).collect::<Vec<u8>>()),
        (">i4", (0i32..8).flat_map(i32::to_be_bytes).collect()),
        ("<i8", (0i64..8).flat_map(i64::to_le_bytes).collect()),
        ("|u1", (0u8..8).collect()),
        // Halves: 0, 1, 2, 3, 4, 5, 6, 7.
        ("<f2", [0u16, 0x3C00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600, 0x4700].map(u16::to_le_bytes).concat()),
    ] {
        let both = with(npy(descr, false, "(4, 2)", &data), at_rate(1.0)).unwrap();
        assert_eq!(both.channels[1].values, [1.0, 3.0, 5.0, 7.0], "{descr}");
        let fortran = with(npy(descr, true, "(4, 2)", &data), at_rate(1.0)).unwrap();
        assert_eq!(fortran.channels[1].values, [4.0, 5.0, 6.0, 7.0], "{descr}");
    }
    for (code, bits, data) in [
        (1, 8, vec![128, 128, 192, 0, 255, 64, 0, 1]),
        (1, 16, [0i16, 0, 16384, -32768, 32512, -16384, -32768, -32512].map(i16::to_le_bytes).concat()),
        (3, 32, [0f32, 0.0, 0.5, -1.0, 0.9921875, -0.5, -1.0, -0.9921875].map(f32::to_le_bytes).concat()),
    ] {
        let found = read("x.wav", wav(code, bits, 2, &data)).unwrap();
        assert_eq!(found.sampling, Sampling::Uniform { rate: 8000.0 });
        assert_eq!(found.channels[0].values, [0.0, 0.5, 0.9921875, -1.0]);
        assert_eq!((found.channels[1].name.as_str(), found.channels[1].values[3]), ("right", -0.9921875));
    }
    let deep = read("x.wav", wav(1, 24, 1, &[0, 0, 64, 0, 0, 192, 1, 0, 0, 0, 0, 0])).unwrap();
    assert_eq!(deep.channels[0].values, [0.5, -0.5, 2f64.powi(-23), 0.0]);
    assert_eq!(deep.channels[0].name, "x");
}

#[test]
fn archives_are_read_stored_and_deflated() {
    let (t, x) = ([0.0, 0.1, 0.2, 0.3], [1.0, 2.0, 1.0, 0.0]);
    let mut npz = Npz::new();
    npz.real("t", &[4], &t).unwrap();
    npz.real("x", &[4], &x).unwrap();
    npz.text("measures", &[1], &["C"]).unwrap();
    npz.real("value", &[1], &[0.5]).unwrap();
    npz.real("other", &[2], &[0.5, 1.0]).unwrap();
    let found = read("r.npz", npz.finish().unwrap()).unwrap();
    assert_eq!((found.times.as_slice(), found.channels.len()), (&t[..], 1));
    assert_eq!(found.channels[0], Channel { name: "x".into(), values: x.to_vec() });
    assert!(found.notes.iter().any(|n| n.contains("other")), "{:?}", found.notes);

    let member = npy("<f8", false, "(4,)", &x.map(f64::to_le_bytes).concat());
    let packed = miniz_oxide::deflate::compress_to_vec(&member, 6);
    let mut head = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
    head.extend(crc32_ieee(&member).to_le_bytes());
    head.extend((packed.len() as u32).to_le_bytes());
    head.extend((member.len() as u32).to_le_bytes());
    head.extend([5, 0, 0, 0]);
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend(&head);
    bytes.extend(b"x.npy");
    bytes.extend(&packed);
    let directory = bytes.len() as u32;
    bytes.extend(b"PK\x01\x02\x14\x00");
    bytes.extend(&head);
    bytes.extend([0; 14]);
    bytes.extend(b"x.npy");
    let size = bytes.len() as u32 - directory;
    bytes.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    bytes.extend(size.to_le_bytes());
    bytes.extend(directory.to_le_bytes());
    bytes.extend([0, 0]);
    assert_eq!(with(bytes.clone(), at_rate(3.0)).unwrap().channels[0].values, x);
    // One wrong bit in the data is found by the checksum or by the inflation.
    for k in 40..40 + packed.len() {
        let mut wrong = bytes.clone();
        wrong[k] ^= 4;
        // The last bits only fill the byte.
        let found = with(wrong, at_rate(3.0));
        assert!(found.is_err() || found.unwrap().channels[0].values == x, "byte {k}");
    }
}

#[test]
fn gaps_and_missing_values_stay_where_they_are() {
    let text = "t,a,b\n0,1,1\n1,2,nan\n2,3,4\n7,4,5\n8,5,6\n9,7,\n";
    let found = read("x", text).unwrap();
    assert_eq!(found.gaps, [Gap { index: 3, from: 2.0, to: 7.0 }]);
    assert!(matches!(found.sampling, Sampling::Uniform { rate: 1.0 }));
    assert!(found.max_step() > 1.0 && found.max_step() < 5.0);
    assert!(found.notes.iter().any(|n| n == "b: 2 of 6 samples are missing"), "{:?}", found.notes);
    let grid = found.uniform().unwrap();
    assert_eq!((grid.step, grid.channels[0].values.len()), (1.0, 10));
    assert_eq!((grid.channels[0].values[7], grid.channels[1].values[2]), (4.0, 4.0));
    assert!(grid.channels[0].values[3..7].iter().all(|v| v.is_nan()));
    // Irregular times are interpolated, not over gaps.
    let text = "t x\n0 0\n1 1\n2.4 2.4\n3 3\n4.3 4.3\n5 5\n40 40\n41.2 41.2\n";
    let found = read("x", text).unwrap();
    assert!(matches!(found.sampling, Sampling::Irregular { .. }));
    let grid = found.uniform().unwrap();
    for (k, v) in grid.channels[0].values.iter().enumerate() {
        let t = k as f64 * grid.step;
        assert_eq!(v.is_nan(), t > 5.0 && t < 40.0, "{t}: {v}");
        assert!(v.is_nan() || (v - t.min(41.2)).abs() < 1e-12, "{t}: {v}");
    }
    // A recording of a few samples far apart makes no grid of millions.
    let far = read("x", "t,x\n0,0\n1,1\n2,5\n3,1\n1e9,2\n").unwrap();
    assert!(far.uniform().unwrap_err().message.contains("gaps are too long"));
}

#[test]
fn several_files_together() {
    let inputs = [Input::new("data/left.txt", "1\n2\n4\n3\n"), Input::new("right.txt", "5\n6\n7\n3\n")];
    let found = assemble(&inputs, &at_rate(10.0)).unwrap();
    let names: Vec<&str> = found.channels.iter().map(|c| c.name.as_str()).collect();
    assert_eq!((names, found.times[3]), (vec!["left", "right"], 0.3));
    let inputs = [
        Input::new("a/x.csv", "t,u,v\n0,1,2\n1,2,1\n2,5,5\n3,1,1\n"),
        Input::new("b/x.csv", "t,u\n0,1\n1,2\n2,5\n3,1\n"),
    ];
    let found = assemble(&inputs, &Reading::default()).unwrap();
    assert_eq!(found.channels.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["x.u", "x.v", "x"]);
    let shorter = [inputs[0].clone(), Input::new("c.csv", "t,u\n0,1\n1,2\n2,5\n3,1\n4,1\n")];
    let error = assemble(&shorter, &Reading::default()).unwrap_err();
    assert_eq!(error.to_string(), "c.csv: 5 samples, but a/x.csv holds 4");
    let shifted = [inputs[0].clone(), Input::new("c.csv", "t,u\n0.5,1\n1.5,2\n2.5,5\n3.5,1\n")];
    let error = assemble(&shifted, &Reading::default()).unwrap_err();
    assert!(error.message.starts_with("sample 1 is at 0.5, but in a/x.csv at 0"), "{error}");
}

#[test]
fn tick_lists_keep_their_rows() {
    let text = "Piece,SD,Bass,Guitar,Dens\na,1,0.5,,3\na,2,,1.2,1\na,3,1.5,1.6,\na,1,2.5,1.6,2\n";
    let all = assemble_ticks(&[Input::new("s.csv", text)], &Reading::default()).unwrap();
    assert_eq!(all.players.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["Bass", "Guitar"]);
    let guitar = &all.players[1].times;
    assert!(guitar[0].is_nan() && guitar[3].is_nan() && guitar[1..3] == [1.2, 1.6]);
    assert!(all.notes.iter().any(|n| n.contains("1 tick(s) of Guitar given twice")), "{:?}", all.notes);
    let asked = |name: &str| {
        let reading = Reading { columns: vec![name.into()], ..Reading::default() };
        assemble_ticks(&[Input::new("s.csv", text)], &reading)
    };
    assert_eq!(asked("Bass").unwrap().players.len(), 1);
    let error = asked("Dens").unwrap_err();
    assert_eq!((error.line, error.column), (Some(3), Some(5)));
    assert!(error.message.starts_with("tick 1 comes after 3"));
    assert!(asked("Gitar").unwrap_err().help.contains("do you mean `Guitar`?"));
}

#[test]
fn every_fault_has_a_place_and_a_cure() {
    let fault = |text: &str, reading: &Reading| {
        let error = assemble(&[Input::new("f", text)], reading).unwrap_err();
        assert!(!error.help.is_empty() || error.message.contains("empty"), "{error}");
        error.to_string()
    };
    let plain = Reading::default();
    let rate = at_rate(10.0);
    for (text, reading, message) in [
        ("1,2\n3,4\n5\n6,7\n", &rate, "f: line 3: this row has 1 cell, the first row 2 cells"),
        ("1,2\n3,x\n5,6\n7,8\n", &rate, "f: line 2: column 2: expected a number, found `x`"),
        ("1,x\n3,4\n5,6\n7,8\n", &rate, "f: line 1: column 2: expected a number, found `x`"),
        ("1,2\n3,inf\n5,6\n7,8\n", &rate, "f: line 2: a sample must be a finite number"),
        ("1,2\n", &rate, "f: the file holds one sample, expected at least 4"),
        ("5\n", &plain, "f: the file holds one sample, expected at least 4"),
        ("1 2\n1 3\n1 2\n1 5\n", &rate, "f: column 1: signal 1 is constant (1 throughout)"),
        ("a,b\n,2\n,3\nNaN,4\n,5\n", &rate, "f: column 1: signal a holds no number, only missing values"),
        ("t,x\n0,1\n1,2\n0.5,3\n2,3\n", &plain, "f: line 4: column 1: time runs backwards: 0.5 after 1"),
        ("t,x\n0,1\n1,2\n1,3\n2,3\n", &plain, "f: line 4: column 1: time stands still at 1"),
        ("t,x\n0,1\n,2\n1,3\n2,3\n", &plain, "f: line 3: column 1: the time is missing in this row"),
        (
            "x,y\n1,3\n2,1\n0,3\n1,2\n",
            &plain,
            "f: line 4: the sampling rate is unknown: no column is named t or time, and \
          the first column stops increasing here",
        ),
        ("3\n1\n2\n0\n", &plain, "f: the sampling rate is unknown"),
        ("", &plain, "f: the file is empty"),
        ("\n# nothing\n", &plain, "f: the table holds no numbers"),
        ("t,x\n", &plain, "f: line 1: there are no numbers below the header"),
        ("Dear reader, hello\nthis is, text\n", &plain, "f: line 2: column 1: expected a number, found `this is`"),
        ("\x00\x01garbage", &plain, "f: byte 0 is no text (0x00), and the file has no known binary format"),
    ] {
        assert_eq!(fault(text, reading), message);
    }
    assert!(with(vec![0xC3, 0x28, 0xA0], plain.clone()).unwrap_err().message.contains("not UTF-8"));
    assert!(with(b"\xff\xfe1\0".to_vec(), plain.clone()).unwrap_err().help.contains("UTF-8"));
    let pipe = assemble(&[Input::new("standard input", "")], &plain).unwrap_err();
    assert_eq!(pipe.to_string(), "standard input: nothing came through the pipe");
    let report = read("f", "t,x\n0,1\n1,2\n0.5,3\n2,3\n").unwrap_err().diagnostic().render(false);
    assert!(report.contains("0.5,3") && report.contains("f:4:1") && report.contains("help: sort the rows"), "{report}");
    for (descr, shape, data, message) in [
        ("<c16", "(1,)", &[0u8; 16][..], "the array holds `<c16`, expected floating point or whole numbers"),
        ("<f8", "(100,)", &[0; 16], "the array of shape [100] needs more than the 16 bytes that follow"),
        ("<f8", "(1, 1, 2)", &[0; 16], "the array has 3 dimensions, expected 1 or 2 (samples × channels)"),
        ("<f8", "(99999999999, 99999999999999)", &[0; 16], "needs more than the 16 bytes"),
    ] {
        let error = with(npy(descr, false, shape, data), rate.clone()).unwrap_err();
        assert!(error.message.contains(message), "{error}");
    }
    assert!(with(wav(2, 4, 1, &[0; 16]), plain.clone()).unwrap_err().help.contains("PCM"));
    assert!(recording(&["/nowhere/at-all.csv"], &plain).unwrap_err().to_string().contains("there is no such file"));
    assert!(recording(&[env!("CARGO_MANIFEST_DIR")], &plain).unwrap_err().to_string().contains("this is a folder"));
    assert!(recording::<&str>(&[], &plain).is_err());
    let no_rate = Reading { rate: Some(-1.0), ..plain };
    assert!(fault("1\n2\n3\n1\n", &no_rate).contains("cannot be"));
}

fn readings() -> [Reading; 3] {
    let time = Reading { time: Some("1".into()), ..Reading::default() };
    [Reading::default(), at_rate(2.0), time]
}

fn try_everything(bytes: &[u8]) {
    for reading in readings() {
        let input = [Input::new("x", bytes)];
        if let Ok(found) = assemble(&input, &reading) {
            assert!(found.channels.iter().all(|c| c.values.len() == found.times.len()));
            assert!(found.times.windows(2).all(|w| w[0] < w[1]));
            assert!(found.channels.iter().flat_map(|c| &c.values).all(|v| !v.is_infinite()));
            if let Ok(grid) = found.uniform() {
                assert!(grid.step > 0.0);
            }
        }
        if let Ok(found) = assemble_ticks(&input, &reading) {
            assert!(found.players.iter().all(|p| p.times.iter().filter(|t| t.is_finite()).is_sorted_by(|a, b| a < b)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        try_everything(&bytes);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-0-9.,;\t\n \"#natex]{0,200}") {
        try_everything(text.as_bytes());
    }

    /// Files with a few wrong bytes.
    #[test]
    fn damaged_files_are_read_or_refused(
        which in 0usize..4,
        wounds in prop::collection::vec((0usize..400, any::<u8>()), 1..4),
        cut in 0usize..400,
    ) {
        let x: Vec<u8> = (0..12).flat_map(|k| f64::from(k * k % 7).to_le_bytes()).collect();
        let mut npz = Npz::new();
        npz.real("t", &[5], &[0.0, 1.0, 2.0, 3.0, 4.0]).unwrap();
        npz.real("x", &[5, 2], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 4.0, 3.0, 2.0, 1.0]).unwrap();
        let mut bytes = match which {
            0 => npy("<f8", false, "(6, 2)", &x),
            1 => npz.finish().unwrap(),
            2 => wav(1, 16, 2, &x),
            _ => b"t,x\n0,1\n1,2\n2,5\n3,1\n4,1\n5,2\n".to_vec(),
        };
        for (at, byte) in wounds {
            let n = bytes.len();
            bytes[at % n] = byte;
        }
        if cut < bytes.len() && cut % 3 == 0 {
            bytes.truncate(cut);
        }
        try_everything(&bytes);
    }
}

/// The measured signals beside the repository, where they are.
#[test]
fn measured_files() {
    let Some(data) = measured() else {
        return;
    };
    let path = |name: &str| data.join(name).to_string_lossy().into_owned();
    let pair = recording(&[path("electrochemical/I0_08.txt")], &Reading::default()).unwrap();
    assert_eq!((pair.channels.len(), pair.times.len()), (2, 33_024));
    assert!(matches!(pair.sampling, Sampling::Uniform { rate } if (rate - 200.0).abs() < 1e-6));
    assert!(pair.gaps.is_empty() && pair.notes[0].contains("first column increases"), "{:?}", pair.notes);
    let heart = [path("cardiorespiratory/ecg2.npy"), path("cardiorespiratory/resp2_airflow.npy")];
    assert!(recording(&heart, &Reading::default()).unwrap_err().to_string().contains("rate is unknown"));
    let heart = recording(&heart, &at_rate(1000.0)).unwrap();
    assert_eq!((heart.channels[1].name.as_str(), heart.times.len()), ("resp2_airflow", 611_660));
    let reading =
        Reading { columns: ["Clave", "Bass", "Guitar", "Tres"].map(String::from).to_vec(), ..Reading::default() };
    let players = tick_lists(&[path("salsa_onsets/Asere_OU_2.csv")], &reading).unwrap();
    let count = |k: usize| players.players[k].times.iter().filter(|t| t.is_finite()).count();
    assert_eq!([0, 1, 2, 3].map(count), [490, 489, 1410, 915]);
    let duo = Reading { columns: ["Guitar", "Tabla"].map(String::from).to_vec(), ..Reading::default() };
    let duo = tick_lists(&[path("salsa_onsets/DebBh_Drut.csv")], &duo).unwrap();
    assert!(duo.notes.iter().any(|n| n.contains("5 tick(s) of Tabla given twice")), "{:?}", duo.notes);
}

fn measured() -> Option<std::path::PathBuf> {
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("HUYGENS_DATA").map_or(beside, std::path::PathBuf::from);
    if data.join("electrochemical").is_dir() {
        return Some(data);
    }
    #[allow(clippy::print_stderr)]
    {
        eprintln!("skipped: no measured signals at {}", data.display());
    }
    None
}

//! Records of single runs: JSON, CSV, NPZ and the table.

use huygens::report::{Check, Orbit, Quantity, Report, Series, Status};
use huygens_lab::record::{Parameter, Provenance, Record, Style};
use serde_json::{Value, json};

fn record() -> Record {
    let sync = Quantity {
        min: Some(0.265123456789),
        max: Some(0.29),
        error: Some(3e-12),
        alternatives: vec![("transverse".into(), 0.31)],
        ..Quantity::new("complete_sync(b1,b2)", 0.278_425_101_2, "1")
    };
    let multipliers = Quantity {
        value: None,
        list: Some(vec![[1.0, 0.0], [-0.25, 0.125], [-0.25, -0.125]]),
        note: Some("one of them is 1: the phase of the cycle is free".into()),
        ..Quantity::missing("multipliers", "1", "")
    };
    let times: Vec<f64> = (0..5).map(|i| 0.1 * f64::from(i)).collect();
    let report = Report {
        level: "gaussian".into(),
        dynamics: "limit cycle, period 6.438712345, stable".into(),
        ordering: "normal".into(),
        frame: "laboratory".into(),
        method: "Newton shooting, 11 steps".into(),
        tolerance: 1e-10,
        seed: 7,
        quantities: vec![
            sync,
            Quantity { error: Some(2.5e-6), ..Quantity::new("period", 6.438_712_345, "1/omega_1") },
            multipliers,
            Quantity::new("sync_distance(b1,b2)", f64::INFINITY, "1"),
            Quantity::new("period", 1.0, "asked twice"),
        ],
        checks: vec![
            Check::at_most(
                "cycle closed",
                3.1e-14,
                1e-9,
                "distance after one period, relative to the size of the cycle",
            ),
            Check::note(
                "steady state",
                Some(1234.5),
                "none: the collective phase diffuses; S_c falls to half after 1234.5 periods, \"so to say\"",
            ),
            Check::fail("cycle stable", Some(1.02), "the largest multiplier lies outside the unit circle, #1"),
        ],
        series: vec![
            Series {
                name: "complete_sync(b1,b2)".into(),
                unit: "1".into(),
                values: times.iter().map(|t| t.sin() / 3.0).collect(),
                times: times.clone(),
            },
            Series { name: "n(b1)".into(), unit: "1".into(), values: vec![0.1 + 0.2, 1e-300], times: vec![0.0, 2.0] },
        ],
        orbits: vec![Orbit {
            mode: "b1".into(),
            re: times.iter().map(|t| t.cos()).collect(),
            im: times.iter().map(|t| -t.sin()).collect(),
        }],
        times,
    };
    let parameter = |name: &str, value: f64, unit: &str| Parameter { name: name.into(), value, unit: unit.into() };
    let provenance = Provenance {
        command: "huygens run optomechanical-pair".into(),
        model_hash: "ab12".into(),
        parameters: vec![
            parameter("omega1", 1.0, ""),
            parameter("mu", 0.02, "omega1"),
            parameter("g", 0.1 + 0.2, ""),
            parameter("Delta1", 1.005, ""),
            parameter("drive", 48.0, ""),
            parameter("gamma_of_the_second_oscillator", 1e-7, ""),
            parameter("kappa", 0.15, ""),
        ],
        ..Provenance::default()
    };
    Record::new("optomechanical-pair", report, provenance)
}

#[test]
fn json_keeps_the_contract() {
    let text = record().json();
    let value: Value = serde_json::from_str(&text).unwrap();
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["checks", "level", "model", "parameters", "provenance", "values"]);
    assert_eq!(value["model"], "optomechanical-pair");
    assert_eq!(value["level"], "gaussian");
    assert_eq!(value["parameters"]["mu"], 0.02);
    assert_eq!(
        value["values"]["complete_sync(b1,b2)"],
        json!({
            "value": 0.278_425_101_2, "unit": "1", "min": 0.265_123_456_789, "max": 0.29, "error": 3e-12,
            "alternatives": {"transverse": 0.31},
        })
    );
    assert_eq!(value["values"]["period"]["value"], 6.438_712_345);
    assert_eq!(value["values"]["multipliers"]["list"][1], json!([-0.25, 0.125]));
    assert_eq!(value["values"]["sync_distance(b1,b2)"]["value"], Value::Null);
    assert_eq!(value["values"]["sync_distance(b1,b2)"]["note"], "not finite");
    assert_eq!(
        value["checks"][0],
        json!({"name": "cycle closed", "status": "pass", "value": 3.1e-14, "limit": 1e-9,
               "note": "distance after one period, relative to the size of the cycle"})
    );
    assert_eq!(value["checks"][2]["status"], "fail");
    assert_eq!(value["checks"][2]["limit"], Value::Null);
    let provenance = &value["provenance"];
    assert_eq!(provenance["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(provenance["ordering"], "normal");
    assert_eq!(provenance["frame"], "laboratory");
    assert_eq!(provenance["seed"], 7);
    assert_eq!(provenance["tolerance"], 1e-10);
    assert_eq!(provenance["dynamics"], "limit cycle, period 6.438712345, stable");
    assert_eq!(provenance["parameter_units"]["mu"], "omega1");
    // Measures stand in the order asked; numbers have all their digits.
    let at = |name: &str| text.find(name).unwrap();
    assert!(at("\"complete_sync(b1,b2)\"") < at("\"period\": {") && at("\"period\": {") < at("\"multipliers\""));
    assert!(at("\"omega1\"") < at("\"mu\"") && text.contains("0.30000000000000004"));
}

#[test]
fn json_has_no_infinity_and_no_nan() {
    let mut record = record();
    let bad = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    record.report.tolerance = f64::NAN;
    record.provenance.tolerance = f64::NAN;
    record.provenance.parameters[0].value = f64::NAN;
    for x in bad {
        record.report.quantities.push(Quantity {
            value: Some(x),
            min: Some(x),
            max: Some(x),
            error: Some(x),
            list: Some(vec![[x, x]]),
            alternatives: vec![("other".into(), x)],
            ..Quantity::new(format!("x{x}"), 1.0, "1")
        });
        record.report.checks.push(Check {
            name: "c".into(),
            status: Status::Fail,
            value: Some(x),
            limit: Some(x),
            note: String::new(),
        });
    }
    let value: Value = serde_json::from_str(&record.json()).expect("valid JSON");
    assert_eq!(value["values"]["xNaN"]["list"], json!([[null, null]]));
    assert_eq!(value["values"]["xinf"]["alternatives"]["other"], Value::Null);
    assert_eq!(value["parameters"]["omega1"], Value::Null);
    for text in [record.csv(), record.series_csv()] {
        let rows = text.lines().filter(|l| !l.starts_with('#'));
        assert!(rows.map(|l| l.split_once(',').unwrap().1).all(|l| !l.contains("NaN") && !l.contains("inf")), "{text}");
    }
    assert!(record.table(Style::default()).contains("—"));
}

#[test]
fn csv_has_one_line_a_measure() {
    let text = record().csv();
    let rows: Vec<&str> = text.lines().filter(|l| !l.starts_with('#')).collect();
    assert_eq!(rows[0], "measure,value,unit,min,max,error,note");
    assert_eq!(rows[1], "\"complete_sync(b1,b2)\",0.2784251012,1,0.265123456789,0.29,3e-12,");
    assert_eq!(rows[2], "\"complete_sync(b1,b2).transverse\",0.31,1,,,,");
    assert_eq!(rows[3], "period,6.438712345,1/omega_1,,,2.5e-6,");
    assert_eq!(rows[4], "multipliers,,1,,,,one of them is 1: the phase of the cycle is free");
    assert_eq!(rows[7], "multipliers[2].re,-0.25,1,,,,");
    assert_eq!(rows[11], "\"sync_distance(b1,b2)\",,1,,,,not finite");
    assert!(text.contains("# check: fail: cycle stable, value 1.02: the largest multiplier"));
    assert!(text.contains("# seed: 7\n"));

    let series = record().series_csv();
    let rows: Vec<&str> = series.lines().filter(|l| !l.starts_with('#')).collect();
    assert_eq!(rows[0], "t,\"complete_sync(b1,b2)\",t(n(b1)),n(b1),re(b1),im(b1)");
    assert!(rows[1].starts_with("0,0,0,0.30000000000000004,1,"), "{}", rows[1]);
    assert!(rows[2].contains(",2,1e-300,"), "{}", rows[2]);
    assert_eq!(rows.len(), 6);
    let back: f64 = rows[3].split(',').nth(1).unwrap().parse().unwrap();
    assert_eq!(back, 0.2f64.sin() / 3.0);
}

#[test]
fn the_archive_is_a_zip_of_arrays() {
    let bytes = record().npz().unwrap();
    assert_eq!(record().npz().unwrap(), bytes);
    // The directory's end says how many files there are and where the directory begins.
    let end = bytes.len() - 22;
    assert_eq!(&bytes[end..end + 4], b"PK\x05\x06");
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let count = u16::from_le_bytes(bytes[end + 10..end + 12].try_into().unwrap());
    let (size, offset) = (number(end + 12), number(end + 16));
    assert_eq!(offset + size, end);
    let mut names = Vec::new();
    let mut at = offset;
    for _ in 0..count {
        assert_eq!(&bytes[at..at + 4], b"PK\x01\x02");
        let length = usize::from(u16::from_le_bytes(bytes[at + 28..at + 30].try_into().unwrap()));
        let name = std::str::from_utf8(&bytes[at + 46..at + 46 + length]).unwrap();
        let local = number(at + 42);
        assert_eq!(&bytes[local..local + 4], b"PK\x03\x04");
        let data = local + 30 + length;
        assert_eq!(&bytes[data..data + 6], b"\x93NUMPY");
        let header = usize::from(u16::from_le_bytes(bytes[data + 8..data + 10].try_into().unwrap()));
        assert_eq!((10 + header) % 64, 0);
        names.push(name.to_owned());
        at += 46 + length;
    }
    let expected = [
        "record",
        "measures",
        "units",
        "value",
        "min",
        "max",
        "error",
        "t",
        "complete_sync(b1,b2)",
        "t(n(b1))",
        "n(b1)",
        "alpha(b1)",
    ];
    assert_eq!(names, expected.map(|n| format!("{n}.npy")));
}

#[test]
fn everything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("deep/run");
    let paths = record().write(&out).unwrap();
    let names: Vec<_> = paths.iter().map(|p| p.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["record.json", "values.csv", "series.csv", "record.npz"]);
    assert!(paths.iter().all(|p| p.metadata().unwrap().len() > 0));
    let file = out.join("record.json");
    let error = record().write(&file).unwrap_err().to_string();
    assert!(error.contains("cannot write") && error.contains("--out"), "{error}");
}

#[test]
fn the_table_fits_and_is_readable() {
    let record = record();
    insta::assert_snapshot!(record.table(Style { width: 80, colour: false }), @r#"
    optomechanical-pair · gaussian
    limit cycle, period 6.438712345, stable
    omega1 = 1, mu = 0.02, g = 0.3, Delta1 = 1.005, drive = 48,
    gamma_of_the_second_oscillator = 1e-7, kappa = 0.15

      measure                      value       min   max   error  unit
      complete_sync(b1,b2)  0.2784251012  0.265123  0.29   3e-12
        transverse                  0.31
      period                    6.438712                  2.5e-6  1/omega_1
      multipliers
          1, -0.25 + 0.125i, -0.25 - 0.125i
          one of them is 1: the phase of the cycle is free
      sync_distance(b1,b2)             —
          not finite
      period                           1                          asked twice

      ✓ cycle closed  3.1e-14 ≤ 1e-9  distance after one period, relative to the
                                      size of the cycle
      • steady state  1234            none: the collective phase diffuses; S_c falls
                                      to half after 1234.5 periods, "so to say"
      ✗ cycle stable  1.02            the largest multiplier lies outside the unit
                                      circle, #1

    1 of 3 checks failed
    "#);
    for width in [72, 96, 120] {
        let text = record.table(Style { width, colour: false });
        assert!(text.lines().all(|l| l.chars().count() <= width), "{width}:\n{text}");
    }
    let coloured = record.table(Style { width: 80, colour: true });
    assert!(coloured.contains("\x1b[32m✓\x1b[0m") && coloured.contains("\x1b[1;31m✗\x1b[0m"));
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some(at) = rest.find('\x1b') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + rest[at..].find('m').unwrap() + 1..];
    }
    plain.push_str(rest);
    assert_eq!(plain, record.table(Style { width: 80, colour: false }));
}

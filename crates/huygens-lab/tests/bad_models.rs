//! Bad input: each kind gets a message that points at the word and names the cure, and never a panic.

use huygens_lab::file::{FileError, load, load_with, parse, parse_override};

/// A small model that is right.
const GOOD: &str = r#"
[modes]
b1 = "boson"
b2 = "boson"

[parameters]
omega = 1.0
kappa = { value = 0.1, unit = "omega", note = "energy decay rate" }
mu = 0.02
n_b = 0

[hamiltonian]
H = "omega*n(b1) + omega*n(b2) - mu*(dag(b1)*b2 + h.c.)"

[[bath]]
on = "b1"
rate = "kappa"
occupation = "n_b"

[[jump]]
L = "sqrt(kappa)*b2"
"#;

/// The report on the model with one piece replaced.
fn report(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    let text = GOOD.replacen(from, to, 1);
    match parse("model.toml", &text, None, &[]) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(error) => error.to_string(),
    }
}

fn given(name: &str, value: &str) -> Result<(), FileError> {
    parse("model.toml", GOOD, None, &[(name.into(), value.into())]).map(|_| ())
}

#[test]
fn the_good_model_is_good() {
    let loaded = parse("model.toml", GOOD, None, &[]).unwrap_or_else(|e| panic!("{e}"));
    assert!(loaded.warnings.is_empty());
    assert_eq!(loaded.model.jumps.len(), 3);
}

macro_rules! reports {
    ($($test:ident: $from:literal => $to:literal;)*) => {
        $(#[test]
        fn $test() {
            insta::assert_snapshot!(report($from, $to));
        })*
    };
}

reports! {
    unknown_parameter: "- mu*(" => "- mua*(";
    undeclared_mode: "dag(b1)*b2" => "dag(b1)*b3";
    unbalanced_bracket: "b2 + h.c.)\"" => "b2 + h.c.\"";
    non_hermitian: "omega*n(b2)" => "i*omega*n(b2)";
    coupling_without_adjoint: "(dag(b1)*b2 + h.c.)" => "dag(b1)*b2";
    array_without_index: "b2 = \"boson\"" => "\"b2[1..3]\" = \"boson\"";
    negative_rate: "value = 0.1" => "value = -0.1";
    negative_rate_of_a_jump: "L = \"sqrt(kappa)*b2\"" => "L = \"sqrt(kappa - 0.3)*b2\"";
    negative_occupation: "n_b = 0" => "n_b = -1";
    nan_value: "mu = 0.02" => "mu = nan";
    infinite_value: "mu = 0.02" => "mu = \"-inf\"";
    overflowing_expression: "mu = 0.02" => "mu = \"exp(1000)\"";
    division_by_zero: "mu = 0.02" => "mu = \"1/n_b\"";
    circle: "mu = 0.02" => "mu = \"2*lambda\"\nlambda = \"mu - 1\"";
    wrong_type_of_a_parameter: "mu = 0.02" => "mu = true";
    wrong_type_of_a_mode: "b2 = \"boson\"" => "b2 = 3";
    kind_of_mode: "b2 = \"boson\"" => "b2 = \"fermion\"";
    table_in_place_of_tables: "[[bath]]" => "[bath]";
    unknown_entry: "occupation = \"n_b\"" => "ocupation = \"n_b\"";
    unknown_table: "[hamiltonian]" => "[hamiltonain]";
    missing_value: "value = 0.1, " => "";
    name_given_twice: "mu = 0.02" => "mu = 0.02\nmu = 0.03";
    name_of_two_things: "mu = 0.02" => "mu = 0.02\nb1 = 1";
    reserved_name: "mu = 0.02" => "mu = 0.02\nt = 1";
    not_toml: "[parameters]" => "[parameters\n";
    empty_expression: "L = \"sqrt(kappa)*b2\"" => "L = \"\"";
    bath_on_a_parameter: "on = \"b1\"" => "on = \"omega\"";
    multi_line_expression: "H = \"omega*n(b1) + omega*n(b2)" => "H = \"\"\"\n  omega*n(b1)\n  + omega*m(b2)\"\"\"\nK = \"";
    ambiguous_adjoint: "- mu*(dag(b1)*b2 + h.c.)" => "- mu*dag(b1)*b2 + h.c.";
    circular_unit: "mu = 0.02" => "mu = \"0.02*i\"";
}

#[test]
fn no_modes_and_no_motion() {
    insta::assert_snapshot!(parse("model.toml", "[parameters]\na = 1\n", None, &[]).unwrap_err().to_string());
    insta::assert_snapshot!(parse("model.toml", "[modes]\na = \"boson\"\n", None, &[]).unwrap_err().to_string());
    insta::assert_snapshot!(parse("model.toml", "", None, &[]).unwrap_err().to_string());
}

#[test]
fn zero_and_huge_numbers_of_modes_are_refused_with_the_memory_they_need() {
    let with =
        |n: &str| load_with("optomechanical-ring", &[("N".into(), n.into())]).map(|_| ()).unwrap_err().to_string();
    insta::assert_snapshot!(with("0"));
    insta::assert_snapshot!(with("-3"));
    insta::assert_snapshot!(with("1000000"));
    insta::assert_snapshot!(with("1e300"));
    insta::assert_snapshot!(with("2.5"));
    insta::assert_snapshot!(with("2"));
    for (model, network) in [("optomechanical-ring", "complete(N)"), ("stuart-landau-network", "complete(N)")] {
        let text = load(model).unwrap().text.replace("ring(N)", network);
        let error = parse(model, &text, None, &[("N".into(), "3500".into())]).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("would need about") && error.contains("GB"), "{error}");
    }
}

#[test]
fn a_value_given_outside_is_shown_as_it_was_given() {
    insta::assert_snapshot!(given("kapa", "0.1").unwrap_err().to_string());
    insta::assert_snapshot!(given("kappa", "0.1*omga").unwrap_err().to_string());
    insta::assert_snapshot!(given("kappa", "-0.1").unwrap_err().to_string());
    insta::assert_snapshot!(given("kappa", "nan").unwrap_err().to_string());
    insta::assert_snapshot!(given("kappa", "1e999").unwrap_err().to_string());
    insta::assert_snapshot!(given("kappa", "omega*(1").unwrap_err().to_string());
    insta::assert_snapshot!(given("kappa", "b1").unwrap_err().to_string());
    assert!(given("kappa", "0.1*omega").is_ok());
    insta::assert_snapshot!(parse_override("kappa").unwrap_err().to_string());
    assert!(parse_override("=3").is_err() && parse_override("kappa=").is_err());
    assert_eq!(parse_override(" mu = 0.3 ").unwrap(), ("mu".to_string(), "0.3".to_string()));
}

#[test]
fn a_missing_model_offers_the_nearest() {
    insta::assert_snapshot!(load("optomechanical-pear").unwrap_err().to_string());
    insta::assert_snapshot!(load("no/such/file.toml").unwrap_err().to_string());
    assert!(load("/").unwrap_err().to_string().contains("it is a folder"));
}

#[test]
fn garbage_bytes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        load(path.to_str().unwrap()).map(|_| ()).unwrap_err().to_string()
    };
    let error = write("a.toml", b"[modes]\nb = \xFF\xFE\x00");
    assert!(error.contains("byte 0xFF at position 12 (line 2) is not UTF-8"), "{error}");
    // Pseudo-random bytes, and pseudo-random printable characters.
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 56) as u8
    };
    for round in 0..200 {
        let bytes: Vec<u8> = (0..400).map(|_| if round % 2 == 0 { next() } else { b' ' + next() % 95 }).collect();
        let error = write("b.toml", &bytes);
        assert!(error.starts_with("error") && error.len() < 20_000, "{error}");
    }
    // Zeros, and a file that is cut off in the middle of a word.
    assert!(write("c.toml", &[0; 4096]).starts_with("error"));
    for cut in 1..GOOD.len() {
        if let Err(error) = parse("d.toml", &GOOD[..cut], None, &[]) {
            assert!(error.to_string().starts_with("error"), "{error}");
        }
    }
}

#[test]
fn an_expression_of_ten_megabytes_is_refused_in_a_few_lines() {
    let long = format!("{}b1", "b1 + ".repeat(2_000_000));
    let text = GOOD.replacen("omega*n(b1)", &long, 1);
    let error = parse("model.toml", &text, None, &[]).map(|_| ()).unwrap_err().to_string();
    assert!(error.len() < 2000, "{}", error.len());
    insta::assert_snapshot!(error);
    // Deep nesting must not overflow the stack.
    for deep in ["(", "-", "sqrt(", "dag(", "2^", "b1[", "sum(j in 1..2, "] {
        let text = GOOD.replacen("omega*n(b1)", &deep.repeat(100_000), 1);
        let error = parse("model.toml", &text, None, &[]).map(|_| ()).unwrap_err().to_string();
        assert!(error.len() < 2000, "{}", error.len());
    }
    let text = GOOD.replacen("mu = 0.02", &format!("mu = {}0{}", "[".repeat(100_000), "]".repeat(100_000)), 1);
    assert!(parse("model.toml", &text, None, &[]).is_err());
}

#[test]
fn a_table_of_links_is_refused_at_the_cell() {
    let folder = tempfile::tempdir().unwrap();
    let model = |links: &str| {
        format!(
            "[modes]\n\"b[1..3]\" = \"boson\"\n[networks]\nlinks = {links}\n[hamiltonian]\nH = \"sum((j,k) in links, links[j,k]*(dag(b[j])*b[k] + h.c.))\"\n"
        )
    };
    let read = |links: &str| {
        parse("model.toml", &model(links), Some(folder.path()), &[]).map(|m| m.model).map_err(|e| e.to_string())
    };
    let clean = |error: String| error.replace(&folder.path().display().to_string(), "FOLDER");
    std::fs::write(folder.path().join("good.csv"), "1,2,0.5\n2,3,1\n1,3,2\n3,1,4\n").unwrap();
    std::fs::write(folder.path().join("nan.csv"), "0,1,0\n1,0,nan\n0,1,0\n").unwrap();
    std::fs::write(folder.path().join("large.csv"), "1,2\n2,3\n3,9\n4,5\n").unwrap();
    insta::assert_snapshot!(clean(read("{ csv = \"nan.csv\" }").unwrap_err()));
    insta::assert_snapshot!(clean(read("{ csv = \"large.csv\" }").unwrap_err()));
    insta::assert_snapshot!(clean(read("{ csv = \"good.csv\" }").unwrap_err()));
    insta::assert_snapshot!(clean(read("{ csv = \"missing.csv\" }").unwrap_err()));
    insta::assert_snapshot!(clean(read("{ adjacency = [[0, 1, 0], [1, 0.5, 1], [0, 1, 0]] }").unwrap_err()));
    insta::assert_snapshot!(clean(read("{ adjacency = [[0, 1], [1, 0], [1, 1]] }").unwrap_err()));
    insta::assert_snapshot!(clean(read("\"rign(3)\"").unwrap_err()));
    insta::assert_snapshot!(clean(read("{ edges = [[1, 2], [2, \"3\"]] }").unwrap_err()));
    let directed = read("{ csv = \"good.csv\", directed = true }").unwrap();
    assert_eq!(directed.networks[0].links(), [(1, 2), (1, 3), (2, 3), (3, 1)]);
    let inline = read("{ edges = [[1, 2, 0.5], [2, 3, 1]] }").unwrap();
    assert_eq!(inline.networks[0].links(), [(1, 2), (2, 3)]);
    assert_eq!(inline.hamiltonian.len(), 4);
}

#[test]
fn what_can_be_used_nevertheless_gets_a_warning() {
    let text = GOOD.replacen("mu = 0.02", "mu = 0.02\nspare = 3", 1).replacen(
        "b2 = \"boson\"",
        "b2 = \"boson\"\nidle = \"boson\"",
        1,
    );
    let loaded = parse("model.toml", &text, None, &[]).unwrap();
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(warnings.join("\n\n"));
}

#[test]
fn the_report_is_coloured_only_where_it_is_asked_for() {
    let error = given("kapa", "0.1").unwrap_err();
    assert!(!error.render(false).contains('\u{1b}'));
    assert!(error.render(true).contains('\u{1b}'));
}

/// Correlations of the start that are none.
#[test]
fn correlations_are_checked_at_their_place() {
    let with = |lines: &str| {
        let text = format!("{GOOD}\n[[correlate]]\n{lines}\n");
        match parse("model.toml", &text, None, &[]) {
            Ok(_) => panic!("accepted:\n{text}"),
            Err(error) => error.to_string(),
        }
    };
    for (lines, words) in [
        ("modes = [\"b1\", \"b2\"]", &["does nothing", "squeezing"][..]),
        ("squeezing = 0.2", &["names no modes"]),
        ("modes = [\"b1\", \"b2\"]\nsqueezing = 0.2\nmixing = 1", &["several things", "applied in order"]),
        ("modes = [\"b1\"]\nmixing = 1", &["takes two modes, here are 1"]),
        ("modes = [\"b1\", \"b1\"]\nmixing = 1", &["given twice", "b1"]),
        ("modes = [\"b1\", \"b3\"]\nmixing = 1", &["b3"]),
        ("modes = [\"b1\", \"b2\"]\nsqueezing = \"i\"", &["must be real"]),
        ("modes = [\"b1\", \"b2\"]\nsqueezing = \"t\"", &["does not depend on the time"]),
        ("modes = [\"b1\", \"b2\"]\nsqueezing = 1000", &["not a finite number"]),
        ("modes = [\"b1\", \"b2\"]\nsqueeze = 1", &["no entry of [[correlate]]", "squeezing"]),
        ("modes = [\"b1\"]\ncovariance = [[0.5, 0]]", &["2 rows of 2 numbers", "1 rows"]),
        ("modes = [\"b1\"]\ncovariance = [[0.5, 0.1], [0, 0.5]]", &["not symmetric", "(2, 1)"]),
        ("modes = [\"b1\"]\ncovariance = [[0.2, 0], [0, 0.5]]", &["no quantum state", "1/2 on the diagonal"]),
        ("modes = [\"b1\"]\ncovariance = [[0.5, 0], [0, 0.5]]\nphase = 1", &["no phase"]),
    ] {
        let report = with(lines);
        for word in words {
            assert!(report.contains(word), "{lines}: no `{word}` in\n{report}");
        }
        assert!(report.contains("correlate") || report.contains("^"), "{report}");
    }
}

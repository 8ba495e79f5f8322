use super::*;
use proptest::prelude::*;

/// Text, the part of it that the error points at, and words of the message and the help.
const ERRORS: &[(&str, &str, &str)] = &[
    ("kapa*a1", "kapa", "unknown name `kapa`"),
    ("kapa*a1", "kapa", "did you mean `kappa`?"),
    ("Omga1*n(a1)", "Omga1", "did you mean `omega1`?"),
    ("2*(a1 + b1", "(", "never closed"),
    ("2*a1 + b1)", ")", "closes no bracket"),
    ("(a1]", "]", "other kind"),
    ("2 a1", "2 a1", "a product is written with `*`"),
    ("a1*", "", "ends too early"),
    ("a1 * / b1", "/", "expected here"),
    ("c*2", "c", "array of 3 modes"),
    ("c[4]", "c[4]", "does not exist: the elements are c[1] to c[3]"),
    ("c[0]", "c[0]", "does not exist"),
    ("a1[1]", "a1[1]", "single mode"),
    ("c[1.5]", "1.5", "whole number"),
    ("c[kappa]", "kappa", "real parameter"),
    ("sum(i in 1..3, c[1])", "i", "imaginary unit"),
    ("sum(1..3, c[1])", "1", "does not say what it runs over"),
    ("sum(j in N, c[j])", "N", "one index cannot run over"),
    ("sum((j,k) in kappa, a1)", "kappa", "not a network"),
    ("sum(j in 1..3)", ")", "a comma and the summand"),
    ("omega1*n(a1) + g*a1*dag(b1) + h.c.", "omega1*n(a1)", "ambiguous h.c."),
    ("h.c.", "h.c.", "must follow"),
    ("g*h.c.", "h.c.", "cannot be a factor"),
    ("a1/b1", "b1", "only a number or parameters can divide"),
    ("1/0*a1", "0", "division by zero"),
    ("a1/(g-g)", "(g-g)", "division by zero"),
    ("sqrt(a1)", "a1", "sqrt needs a number"),
    ("conj(a1)", "a1", "the adjoint of an operator is dag(x)"),
    ("a1^-1", "-1", "whole power"),
    ("a1^0.5", "0.5", "whole power"),
    ("a1^1000", "1000", "go up to 100"),
    ("log(g)", "log", "ln(x)"),
    ("adj(a1)", "adj", "dag(x)"),
    ("sqr(g)", "sqr", "x^2"),
    ("kappa(2)", "kappa", "not a function"),
    ("dag", "dag", "is a function"),
    ("n(2)", "2", "not an operator"),
    ("comm(a1)", "comm(a1)", "two arguments"),
    ("tanh(i*g)", "tanh(i*g)", "imaginary part"),
    ("sqrt(g+i*mu)", "sqrt(g+i*mu)", "complex"),
    ("1e999", "1e999", "too large"),
    ("1e200*1e200*a1", "1e200*1e200*a1", "overflows"),
    ("a1 = 3", "=", "no equation"),
    ("a1 # b1", "#", "no meaning"),
    ("links", "links", "is a network"),
    ("links[1,7]", "7", "sites 1 to 3"),
    ("sum(j in 1..1e15, a1)", "j in 1..1e15", "at most"),
    ("", "", "empty"),
    ("(a1+dag(a1))^90*(b1+dag(b1))^90", "", "terms"),
];

#[test]
fn errors_point_at_the_word() {
    let m = model();
    for (text, place, words) in ERRORS {
        let e = m.error(text);
        let all = format!("{} {}", e.message, e.help.clone().unwrap_or_default());
        assert!(all.contains(words), "{text}: {all}");
        if !place.is_empty() {
            assert_eq!(&text[e.span.clone()], *place, "{text}: {all}");
        }
    }
}

#[test]
fn hostile_text_is_refused_quickly() {
    let m = model();
    let deep = format!("{}a1{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(m.error(&deep).message.contains("nested deeper"));
    assert!(m.error(&"-".repeat(100_000)).message.contains("nested deeper"));
    assert!(m.error(&"a1^".repeat(100_000)).message.contains("nested deeper"));
    assert!(m.error(&"a1+".repeat(4_000_000)).message.contains("at most 1000000"));
    // Long but honest: 100 000 summands.
    let long = format!("{}a1", "a1 + ".repeat(100_000));
    assert_eq!(m.operator(&long), m.operator("100001*a1"));
    for garbage in ["\u{0}\u{1}", "🙂", "a1 \u{202e} b1", "((((", "]]", "..", "1..", "h.c", "†", "a1††", "[1]", "sum("]
    {
        let _ = parse::parse(garbage).and_then(|tree| parse::operator(&tree, &m.scope));
    }
}

#[test]
fn meanings() {
    let m = model();
    let equal = |a: &str, b: &str| assert_eq!(m.operator(a), m.operator(b), "{a} is not {b}");
    equal("-a1^2", "0 - a1*a1");
    equal("a1**2", "a1^2");
    equal("2^3^2*a1", "512*a1");
    equal("6/2*3*a1", "9*a1");
    equal("a1*dag(a1)", "n(a1) + 1");
    equal("comm(a1, dag(a1))", "1");
    equal("comm(q(a1), p(a1))", "i");
    equal("q(b1)^2 + p(b1)^2", "2*n(b1) + 1");
    equal("g*(dag(a1)*b1 + h.c.)", "g*dag(a1)*b1 + g*dag(b1)*a1");
    equal("i*drive*(a1 - h.c.)", "i*drive*(a1 - dag(a1))");
    equal("omega1*n(a1) + (g*a1*b1 + h.c.)", "omega1*n(a1) + g*a1*b1 + g*dag(a1)*dag(b1)");
    equal("sum(j in 1..N, j*n(c[j]))", "n(c[1]) + 2*n(c[2]) + 3*n(c[3])");
    equal("sum(j in 1..N-1, dag(c[j])*c[j+1])", "dag(c[1])*c[2] + dag(c[2])*c[3]");
    equal("sum(j in 1..0, c[1])", "0");
    equal("sum(j in 1..N, c[mod1(j+1,N)])", "sum(j in 1..N, c[j])");
    equal("sum((j,k) in links, dag(c[j])*c[k] + h.c.)", "sum(j in 1..N, sum(k in links[j], dag(c[j])*c[k]))");
    equal("sum(j in 1..2, k in 1..2, j*k*a1)", "9*a1");
    equal("sum((j,k) in links, links[j,k]*a1)", "3*a1");
    equal("degree(links,2)*a1", "2*a1");
    equal("w[1]*w[3]*a1", "omega1*Delta1*a1");
    equal("N*a1", "3*a1");
    equal("exp(i*pi)*a1", "-a1");
    equal("conj(exp(i*theta))*a1", "exp(-i*theta)*a1");
    equal("re(exp(i*theta))*a1", "cos(theta)*a1");
    equal("abs(g + i*mu)*a1", "sqrt(g^2 + mu^2)*a1");
    equal("cosh(g)*a1", "(exp(g)+exp(-g))/2*a1");
    equal("2·g×a1 − a1", "2*g*a1 - a1");
}

#[test]
fn clauses_and_modes() {
    let m = model();
    let clauses = parse::parse_ranges("j in 1..N, k in links[j]").unwrap();
    let first = clauses[0].assignments(&m.scope).unwrap();
    assert_eq!(first.len(), 3);
    let inner = parse::WithIndices { scope: &m.scope, indices: &first[1] };
    let second = clauses[1].assignments(&inner).unwrap();
    assert_eq!(second, vec![vec![("k".to_string(), 1)], vec![("k".to_string(), 3)]]);
    let tree = parse::parse("c[j]").unwrap();
    assert_eq!(parse::mode(&tree, &inner), Ok(ModeId(5)));
    assert!(parse::mode(&parse::parse("c").unwrap(), &m.scope).is_err());
    assert!(parse::mode(&parse::parse("kappa").unwrap(), &m.scope).is_err());
    assert_eq!(parse::integer(&parse::parse("2*N^2-1").unwrap(), &m.scope), Ok(17));
    assert!(parse::is_reserved("i") && parse::is_reserved("2x") && parse::is_reserved("a b"));
    assert!(!parse::is_reserved("κ_in"));
}

#[test]
fn networks() {
    use parse::Network;
    assert_eq!(Network::ring(5).edges().len(), 5);
    assert_eq!(Network::ring(2).edges(), vec![(1, 2)]);
    assert_eq!(Network::ring(1).edges(), vec![]);
    assert_eq!(Network::chain(5).edges().len(), 4);
    assert_eq!(Network::complete(5).edges().len(), 10);
    let directed = Network::new(3, [(1, 2, 0.5), (2, 1, 0.25), (3, 3, 1.0), (1, 3, 0.0)]);
    assert!(!directed.is_symmetric());
    assert_eq!(directed.edges(), vec![(1, 2), (2, 1), (3, 3)]);
    assert_eq!(directed.weight(1, 2), 0.5);
    assert_eq!(directed.neighbours(3), vec![3]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// Whatever stands in the text, the answer is an operator or an error inside the text, and what is an operator is
    /// written so that it is read back.
    #[test]
    fn any_text_has_an_answer(pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 1..14)) {
        let m = model();
        let text = pieces.concat();
        match parse::parse(&text).and_then(|tree| parse::operator(&tree, &m.scope)) {
            Ok(x) => {
                let written = x.text(&m.names);
                prop_assert_eq!(&m.operator(&written), &x, "{} from {}", written, text);
            }
            Err(e) => prop_assert!(text.get(e.span.clone()).is_some(), "{text}: {e:?}"),
        }
        if let Ok(clauses) = parse::parse_ranges(&text) {
            for c in clauses {
                let _ = c.assignments(&m.scope);
            }
        }
        if let Ok(tree) = parse::parse(&text) {
            let _ = parse::integer(&tree, &m.scope);
            let _ = parse::mode(&tree, &m.scope);
        }
    }
}

const PIECES: [&str; 44] = [
    "a1",
    "b1",
    "c[j]",
    "c[2]",
    "kappa",
    "g",
    "theta",
    "N",
    "links",
    "i",
    "t",
    "pi",
    "2",
    "0.5",
    "1e3",
    "3",
    "+",
    "-",
    "*",
    "/",
    "^",
    "(",
    ")",
    "(",
    ")",
    "[",
    "]",
    ",",
    "..",
    " h.c.",
    "dag(",
    "n(",
    "sqrt(",
    "exp(",
    "cos(",
    "abs(",
    "sum(j in 1..N,",
    "sum((j,k) in links,",
    "q(a1)",
    "+",
    "*",
    "*",
    "ln(",
    "w[1]",
];

/// Means are numbers: they are read back as they are written, commute with everything, and are held.
#[test]
fn means_are_numbers() {
    let m = model();
    for text in ["mean(n(a1))", "re(mean(b1))", "sqrt(mean(n(a1)))/(1 + mean(n(b1)))", "mean(q(a1))*cos(im(mean(b1)))"]
    {
        let scalar = m.scalar(text);
        assert_eq!(m.scalar(&scalar.text(&m.names)), scalar, "{}", scalar.text(&m.names));
        assert!(scalar.is_real() && scalar.depends_on_mean_field() && scalar.moves() && !scalar.is_constant());
        assert!(scalar.fields().iter().all(|f| f.held));
    }
    assert_eq!(m.operator("comm(mean(n(a1))*b1, dag(b1)*a1)"), m.operator("mean(n(a1))*a1"));
    let z = [1.0, 2.0, 3.0, 4.0].map(|x| num_complex::Complex64::new(x, -0.5 * x));
    let value = m.scalar("mean(dag(a1)*b1^2)").eval_at(&[], 0.0, &z).unwrap();
    assert!((value - z[0].conj() * z[1] * z[1]).norm() < 1e-14);
    let error = m.scalar("mean(n(a1))").eval(&[], 0.0).unwrap_err();
    assert!(
        error.message(&m.names).contains("mean(n(a1)) is a quantity of the mean field"),
        "{}",
        error.message(&m.names)
    );
}

/// :x: is the order that is written, whatever order that is.
#[test]
fn normal_order_is_taken_on_request() {
    let m = model();
    assert_eq!(m.operator("normal(n(a1)^2)"), m.operator("dag(a1)^2*a1^2"));
    assert_eq!(
        m.operator("normal((a1 + dag(a1))^3)"),
        m.operator("a1^3 + dag(a1)^3 + 3*dag(a1)*a1^2 + 3*dag(a1)^2*a1")
    );
    assert_eq!(m.operator("normal(a1*dag(a1)) + a1*dag(a1)"), m.operator("2*n(a1) + 1"));
}

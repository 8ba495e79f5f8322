use super::*;
use num_complex::Complex64 as c64;
use proptest::prelude::*;

const EXPRESSIONS: [&str; 14] = [
    "sqrt(2*kappa*(n_b+1))",
    "exp(i*theta)*g/(kappa + i*omega1)",
    "cos(Omega*t)*mu + i*sin(Omega*t + theta)",
    "tanh(g*mu) - ln(kappa+1)",
    "(g+mu)^3/(g+mu)^2 - 1/(kappa-mu)",
    "abs(g-mu)*exp(-kappa*t)",
    "omega1^(1/3) + omega2^-1.5",
    "sqrt(g^2+mu^2)*abs(g+i*mu)",
    "cosh(g)^2 - sinh(g)^2",
    "pi*sqrt(pi)*g^theta",
    "sin(theta)^3*cos(theta)^2",
    "tan(theta)*sqrt(0.3*kappa)/sqrt(7/2)",
    "cos(g + i*mu) + sin(g - 2*i*mu)",
    "abs(g)^3/abs(g)",
];

fn values() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.1..2.0_f64, 12)
}

proptest! {
    #[test]
    fn compiled_programs_agree_with_evaluation(params in values(), t in -3.0..3.0_f64) {
        let m = model();
        let list: Vec<Scalar> = EXPRESSIONS.iter().map(|e| m.scalar(e)).collect();
        let program = Compiled::new(&list);
        let mut scratch = program.scratch();
        let mut out = vec![c64::new(0.0, 0.0); list.len()];
        program.eval(&params, t, &mut scratch, &mut out).unwrap();
        let mut split = vec![c64::new(0.0, 0.0); list.len()];
        program.bind(&params, &mut scratch, &mut split).unwrap();
        program.at(t, &[], &mut scratch, &mut split).unwrap();
        for (k, s) in list.iter().enumerate() {
            let direct = s.eval(&params, t).unwrap();
            prop_assert!((direct - out[k]).norm() < 1e-12 * (1.0 + direct.norm()), "{}", EXPRESSIONS[k]);
            prop_assert_eq!(out[k], split[k]);
        }
    }

    #[test]
    fn derivatives_are_those_of_differences(params in values(), t in 0.1..2.0_f64, which in 0..12_u32) {
        let m = model();
        for text in EXPRESSIONS {
            let s = m.scalar(text);
            // |g − μ| has a kink and 1/(κ − μ) a pole where the two are equal.
            if (params[3] - params[6]).abs() < 0.05 || (params[4] - params[6]).abs() < 0.2 || params[9].cos().abs() < 0.2 {
                continue;
            }
            let h = 1e-6;
            let at = |h: f64| {
                let mut p = params.clone();
                p[which as usize] += h;
                s.eval(&p, t).unwrap()
            };
            let numeric = (at(h) - at(-h)) / (2.0 * h);
            let exact = s.derivative(ParamId(which)).eval(&params, t).unwrap();
            prop_assert!((numeric - exact).norm() < 1e-5 * (1.0 + exact.norm()), "{} by {}", text, which);
        }
    }

    #[test]
    fn field_laws(a in 0..14_usize, b in 0..14_usize, params in values()) {
        let m = model();
        let (x, y) = (m.scalar(EXPRESSIONS[a]), m.scalar(EXPRESSIONS[b]));
        prop_assume!((params[4] - params[6]).abs() > 0.01);
        let value = |s: &Scalar| s.eval(&params, 0.4).unwrap();
        let near = |u: c64, v: c64| (u - v).norm() < 1e-10 * (1.0 + u.norm() + v.norm());
        prop_assert!(near(value(&x.mul(&y)), value(&x) * value(&y)));
        prop_assert!(near(value(&x.add(&y)), value(&x) + value(&y)));
        prop_assert!(near(value(&x.conj()), value(&x).conj()));
        prop_assert!(x.sub(&x).is_zero());
        prop_assert_eq!(x.mul(&y), y.mul(&x));
        if value(&y).norm() > 1e-3 {
            prop_assert!(near(value(&x.div(&y).unwrap()), value(&x) / value(&y)));
        }
        if x.is_real() {
            let root = x.mul(&x).sqrt().unwrap();
            prop_assert!(near(value(&root), c64::new(value(&x).re.abs(), 0.0)));
        }
    }
}

#[test]
fn evaluation_names_what_has_no_value() {
    let m = model();
    let params = [1.0, 1.0, -2.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
    for (text, kind, words) in [
        ("sqrt(2*Delta1)", EvalErrorKind::NegativeRoot, "the root of Delta1"),
        ("sqrt(Delta1*kappa)", EvalErrorKind::NegativeRoot, "the root of kappa*Delta1"),
        ("kappa/g", EvalErrorKind::DivisionByZero, "division by g"),
        ("1/(kappa-gamma)", EvalErrorKind::DivisionByZero, "division by kappa - gamma"),
        ("ln(Delta1)", EvalErrorKind::Logarithm, "ln of Delta1"),
    ] {
        let s = m.scalar(text);
        let direct = s.eval(&params, 0.0).unwrap_err();
        let program = Compiled::new(&[s]);
        let mut out = [c64::new(0.0, 0.0)];
        let compiled = program.eval(&params, 0.0, &mut program.scratch(), &mut out).unwrap_err();
        assert_eq!(direct.kind, kind, "{text}");
        assert_eq!(direct, compiled, "{text}");
        let message = direct.message(&m.names);
        assert!(message.contains(words) || message.contains("Delta1*kappa"), "{text}: {message}");
    }
    let s = m.scalar("kappa");
    let mut bad = params;
    bad[4] = f64::NAN;
    assert_eq!(s.eval(&bad, 0.0).unwrap_err().kind, EvalErrorKind::NotFinite);
}

#[test]
fn signs_under_roots() {
    let m = model();
    // √(ω₁ω₂) exists where both are negative, and its square is the product.
    let s = m.scalar("sqrt(omega1*omega2)");
    let mut params = [1.0; 12];
    params[0] = -2.0;
    params[1] = -8.0;
    assert_eq!(s.eval(&params, 0.0).unwrap(), c64::new(4.0, 0.0));
    assert_eq!(s.mul(&s), m.scalar("omega1*omega2"));
    assert_eq!(m.scalar("sqrt(omega1^2)").eval(&params, 0.0).unwrap(), c64::new(2.0, 0.0));
    assert_eq!(m.scalar("sqrt(-4)").as_number(), Some(c64::new(0.0, 2.0)));
    assert_eq!(m.scalar("sqrt(-omega1)").eval(&params, 0.0).unwrap().re, 2.0_f64.sqrt());
}

#[test]
fn substitution() {
    let m = model();
    let s = m.scalar("sqrt(2*kappa*(n_b+1)) + cos(theta)/g");
    let one = |p: ParamId| match p.0 {
        7 => Some(m.scalar("0")),
        3 => Some(m.scalar("2*kappa")),
        _ => None,
    };
    assert_eq!(s.substitute(&one), Ok(m.scalar("sqrt(2*kappa) + cos(theta)/(2*kappa)")));
    let zero = |p: ParamId| (p.0 == 3).then(Scalar::zero);
    assert_eq!(s.substitute(&zero), Err(ScalarError::DivisionByZero));
}

#[test]
fn time_derivative() {
    let m = model();
    assert_eq!(m.scalar("mu*cos(Omega*t)").time_derivative(), m.scalar("-mu*Omega*sin(Omega*t)"));
}

/// Random expressions in positive parameters, as text.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "kappa", "g", "mu", "theta", "n_b", "omega1", "2", "3", "0.5", "0.3", "i", "pi", "t", "7",
    ])
    .prop_map(String::from);
    leaf.prop_recursive(4, 12, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            3 => two.clone().prop_map(|(x, y)| format!("({x} + {y})")),
            2 => two.clone().prop_map(|(x, y)| format!("({x} - {y})")),
            4 => two.clone().prop_map(|(x, y)| format!("{x}*{y}")),
            2 => two.prop_map(|(x, y)| format!("{x}/({y})")),
            2 => inner.clone().prop_map(|x| format!("sqrt({x})")),
            1 => inner.clone().prop_map(|x| format!("({x})^2")),
            1 => inner.clone().prop_map(|x| format!("({x})^-1.5")),
            1 => inner.clone().prop_map(|x| format!("exp({x})")),
            1 => inner.clone().prop_map(|x| format!("exp(i*{x})")),
            1 => inner.clone().prop_map(|x| format!("cos({x})")),
            1 => inner.clone().prop_map(|x| format!("abs({x})")),
            1 => inner.prop_map(|x| format!("tanh({x})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(text in expressions(), params in values()) {
        let m = model();
        let Ok(x) = parse::parse(&text).and_then(|tree| parse::scalar(&tree, &m.scope)) else {
            return Ok(());
        };
        let written = x.text(&m.names);
        let again = m.scalar(&written);
        if let (Ok(u), Ok(v)) = (x.eval(&params, 0.4), again.eval(&params, 0.4)) {
            prop_assert!((u - v).norm() <= 1e-9 * (1.0 + u.norm()), "{written} from {text}: {u} {v}");
        }
        prop_assert_eq!(&again, &x, "{} from {}", written, text);
        prop_assert!(!x.latex(&m.names).is_empty());
    }
}

use super::*;

/// The text and the LaTeX that are written for what was read.
const SCALARS: &[(&str, &str, &str)] = &[
    ("kappa*2", "2*kappa", r"2 \kappa"),
    ("0-Delta1", "-Delta1", r"-\Delta_1"),
    ("sqrt(2*kappa)", "sqrt(2*kappa)", r"\sqrt{2 \kappa}"),
    ("sqrt(2)*sqrt(kappa)", "sqrt(2*kappa)", r"\sqrt{2 \kappa}"),
    ("sqrt(kappa/2)", "sqrt(kappa/2)", r"\sqrt{\frac{\kappa}{2}}"),
    ("1/sqrt(2)", "1/sqrt(2)", r"\frac{1}{\sqrt{2}}"),
    ("sqrt(2)*sqrt(3)/6", "1/sqrt(6)", r"\frac{1}{\sqrt{6}}"),
    ("sqrt(8)", "2*sqrt(2)", r"2 \sqrt{2}"),
    ("sqrt(2*kappa*(n_b+1))", "sqrt(2*kappa*(n_b + 1))", r"\sqrt{2 \kappa (n_b + 1)}"),
    ("sqrt(3.5*g*kappa)", "sqrt(14*g*kappa)/2", r"\frac{\sqrt{14 g \kappa}}{2}"),
    ("sqrt(0.3*kappa)", "sqrt(0.3*kappa)", r"\sqrt{0.3 \kappa}"),
    ("kappa*n_b+kappa", "kappa*(n_b + 1)", r"\kappa (n_b + 1)"),
    ("kappa/3", "kappa/3", r"\frac{\kappa}{3}"),
    ("0.15*kappa^2/(g*mu)", "0.15*kappa^2/(g*mu)", r"\frac{0.15 \kappa^2}{g \mu}"),
    ("exp(i*theta)", "exp(i*theta)", r"e^{i \theta}"),
    ("2*exp(-i*theta)*g", "2*g*exp(-i*theta)", r"2 g e^{-i \theta}"),
    ("cos(Omega*t)^2", "cos(Omega*t)^2", r"\cos^2(\Omega t)"),
    ("-kappa-i*omega1", "-(kappa + i*omega1)", r"-(\kappa + i \omega_1)"),
    ("i*omega1-kappa", "i*omega1 - kappa", r"i \omega_1 - \kappa"),
    (
        "1/(kappa-i*omega1)",
        "(kappa + i*omega1)/(omega1^2 + kappa^2)",
        r"\frac{\kappa + i \omega_1}{\omega_1^2 + \kappa^2}",
    ),
    ("1e-7*g", "1e-7*g", r"10^{-7} g"),
    ("(1+2*i)*g", "(1 + 2*i)*g", r"(1 + 2 i) g"),
    ("2*pi*g", "2*pi*g", r"2 \pi g"),
    ("nbar+1/2", "nbar + 1/2", r"\bar{n} + \frac{1}{2}"),
    ("sqrt(g^2)", "abs(g)", r"\left|g\right|"),
    ("(g+mu)^-2", "1/(g + mu)^2", r"\frac{1}{(g + \mu)^2}"),
    ("kappa/(2*(g+mu)^2)", "kappa/(2*(g + mu)^2)", r"\frac{\kappa}{2 (g + \mu)^2}"),
    ("sqrt(g+mu)^3", "sqrt(g + mu)*(g + mu)", r"\sqrt{g + \mu} (g + \mu)"),
    ("g^1.5", "g*sqrt(g)", r"g \sqrt{g}"),
    ("(kappa+g)/(kappa+g)", "1", "1"),
    ("sqrt(-Delta1)", "sqrt(-Delta1)", r"\sqrt{-\Delta_1}"),
    ("sqrt(omega1*omega2)^2", "omega1*omega2", r"\omega_1 \omega_2"),
    ("sin(theta)^2+cos(theta)^2", "1", "1"),
    ("exp(g)*exp(-g)", "1", "1"),
    ("sin(-theta)+sin(theta)", "0", "0"),
    ("0.1+0.2-0.3", "0", "0"),
    ("cos(pi)+sin(pi/2)", "0", "0"),
    ("tan(theta)", "sin(theta)/cos(theta)", r"\frac{\sin(\theta)}{\cos(\theta)}"),
];

const OPERATORS: &[(&str, &str, &str)] = &[
    (
        "-Delta1*n(a1) + omega1*n(b1) - g*n(a1)*(b1 + dag(b1)) + i*drive*(dag(a1) - a1)",
        "-Delta1*n(a1) + omega1*n(b1) - g*n(a1)*(b1 + dag(b1)) + i*drive*(dag(a1) - a1)",
        r"-\Delta_1 a_1^\dagger a_1 + \omega_1 b_1^\dagger b_1 - g a_1^\dagger a_1 (b_1 + b_1^\dagger) + i \mathrm{drive} (a_1^\dagger - a_1)",
    ),
    ("-mu*(dag(b1)*b2 + h.c.)", "-mu*(dag(b1)*b2 + b1*dag(b2))", r"-\mu (b_1^\dagger b_2 + b_1 b_2^\dagger)"),
    ("sqrt(2*kappa)*a1", "sqrt(2*kappa)*a1", r"\sqrt{2 \kappa} a_1"),
    ("q(a1)", "(a1 + dag(a1))/sqrt(2)", r"\frac{1}{\sqrt{2}} (a_1 + a_1^\dagger)"),
    ("p(a1)", "i*(dag(a1) - a1)/sqrt(2)", r"\frac{i}{\sqrt{2}} (a_1^\dagger - a_1)"),
    ("mu*q(b1)*q(b2)", "mu*(b1 + dag(b1))*(b2 + dag(b2))/2", r"\frac{\mu}{2} (b_1 + b_1^\dagger) (b_2 + b_2^\dagger)"),
    ("g/2*dag(a1)^2*a1^2", "g*dag(a1)^2*a1^2/2", r"\frac{g}{2} a_1^{\dagger 2} a_1^2"),
    ("comm(a1^2, dag(a1)^2)", "4*n(a1) + 2", r"4 a_1^\dagger a_1 + 2"),
    (
        "exp(i*theta)*dag(a1)*b1 + h.c.",
        "exp(i*theta)*dag(a1)*b1 + exp(-i*theta)*a1*dag(b1)",
        r"e^{i \theta} a_1^\dagger b_1 + e^{-i \theta} a_1 b_1^\dagger",
    ),
    (
        "sum(j in 1..N, omega1*n(c[j]))",
        "omega1*(n(c[1]) + n(c[2]) + n(c[3]))",
        r"\omega_1 (c_1^\dagger c_1 + c_2^\dagger c_2 + c_3^\dagger c_3)",
    ),
    ("a1 - a1", "0", "0"),
    ("b1†*b1", "n(b1)", r"b_1^\dagger b_1"),
];

#[test]
fn scalars() {
    let m = model();
    for (read, text, latex) in SCALARS {
        let x = m.scalar(read);
        assert_eq!((x.text(&m.names).as_str(), x.latex(&m.names).as_str()), (*text, *latex), "from {read}");
        assert_eq!(m.scalar(text), x, "{text} is not read back as it was written");
    }
}

#[test]
fn operators() {
    let m = model();
    for (read, text, latex) in OPERATORS {
        let x = m.operator(read);
        assert_eq!((x.text(&m.names).as_str(), x.latex(&m.names).as_str()), (*text, *latex), "from {read}");
        assert_eq!(m.operator(text), x, "{text} is not read back as it was written");
    }
}

#[test]
fn langevin_equations_of_the_optomechanical_pair() {
    let m = model();
    let h = m.operator(
        "-Delta1*n(a1) + omega1*n(b1) - g*n(a1)*(b1 + dag(b1)) + i*drive*(dag(a1) - a1) + omega2*n(b2) \
         - mu*(dag(b1)*b2 + h.c.)",
    );
    let jumps = ["sqrt(2*kappa)*a1", "sqrt(2*gamma*(n_b+1))*b1", "sqrt(2*gamma*n_b)*dag(b1)"].map(|l| m.operator(l));
    let equation = |k: u32| {
        let mode = ModeId(k);
        let rate = heisenberg(&h, &jumps, &Operator::annihilation(mode));
        let symbol = rate.normal_symbol().latex_about(&m.names, mode);
        (rate.text_about(&m.names, mode), format!("{} = {symbol}", m.names.amplitude_dot_latex(mode)))
    };
    assert_eq!(
        equation(0),
        (
            "(i*Delta1 - kappa)*a1 + i*g*a1*(b1 + dag(b1)) + drive".into(),
            r"\dot{\alpha}_1 = (i \Delta_1 - \kappa) \alpha_1 + i g \alpha_1 (\beta_1 + \beta_1^*) + \mathrm{drive}"
                .into(),
        )
    );
    // The noise of the bath does not show in the mean: γ(n̄+1) − γ n̄ = γ.
    assert_eq!(
        equation(1),
        (
            "-(gamma + i*omega1)*b1 + i*mu*b2 + i*g*n(a1)".into(),
            r"\dot{\beta}_1 = -(\gamma + i \omega_1) \beta_1 + i \mu \beta_2 + i g |\alpha_1|^2".into(),
        )
    );
    let drift = heisenberg(&h, &jumps, &Operator::annihilation(ModeId(1))).weyl_symbol();
    assert_eq!(
        drift.text_about(&m.names, ModeId(1)),
        "-(gamma + i*omega1)*beta1 + i*mu*beta2 + i*g*abs(alpha1)^2 - i*g/2"
    );
}

#[test]
fn names_in_latex() {
    let names =
        |list: &[&str]| Names::new(list.iter().map(|s| s.to_string()).collect(), vec!["a".into(), "b[12]".into()]);
    let words = ["omega", "omega1", "gamma_in", "J12", "κ", "nbar", "drive", "x_1_2", "Omega_c", "beta"];
    let n = names(&words);
    let written: Vec<String> = (0..words.len()).map(|k| n.parameter_latex(ParamId(k as u32))).collect();
    let expected = [
        r"\omega",
        r"\omega_1",
        r"\gamma_{\mathrm{in}}",
        "J_{12}",
        r"\kappa",
        r"\bar{n}",
        r"\mathrm{drive}",
        "x_{1,2}",
        r"\Omega_c",
        r"\beta",
    ];
    assert_eq!(written, expected);
    // beta is a parameter here, so the amplitude of b keeps its letter.
    assert_eq!(n.amplitude_latex(ModeId(1)), "b_{12}");
    assert_eq!(n.amplitude(ModeId(0)), "alpha");
    assert_eq!(names(&["g"]).amplitude_latex(ModeId(1)), r"\beta_{12}");
    assert_eq!(names(&["g"]).amplitude(ModeId(1)), "beta[12]");
}

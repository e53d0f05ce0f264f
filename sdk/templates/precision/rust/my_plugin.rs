//! fp16 with a loss scale that grows a little in every step and is halved by an overflow.
use binade::abi::{Outcome, Policy};
use binade::{Decision, Host, Options, Precision, Result};

struct MyPlugin {
    growth: f64,
}

impl Precision for MyPlugin {
    fn new(options: &Options, _host: Host) -> Result<Self> {
        Ok(MyPlugin { growth: options.number("growth")? })
    }

    fn policy(&self, policy: &mut Policy) {
        policy.compute_dtype = 6; // fp16
        policy.autocast = 1;
        policy.dynamic_scaling = 1;
        policy.init_scale = 1024.0;
    }

    fn update(&mut self, outcome: &Outcome) -> Result<Decision> {
        let scale = if outcome.found_inf != 0 { outcome.scale / 2.0 } else { outcome.scale * self.growth };
        Ok(Decision { scale, apply: true })
    }
}

binade::precision!(MyPlugin, "my_plugin.toml");

#[cfg(test)]
mod tests {
    use super::*;
    use binade::Value;

    #[test]
    fn the_scale_grows_and_an_overflow_halves_it() {
        let options = Options::given(&[("growth", Value::Number(1.5))]);
        let mut policy = MyPlugin::new(&options, Host::silent()).unwrap();
        let mut step = Outcome {
            struct_size: std::mem::size_of::<Outcome>() as u32,
            found_inf: 0,
            step: 1,
            scale: 1024.0,
            loss: 1.0,
            gradient_norm: 1.0,
            exponents: std::ptr::null(),
        };
        assert_eq!(policy.update(&step).unwrap().scale, 1536.0);
        step.found_inf = 1;
        assert_eq!(policy.update(&step).unwrap().scale, 512.0);
    }
}

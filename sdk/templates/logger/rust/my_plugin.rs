//! Writes the loss of every so many steps to a file.
use binade::abi::Step;
use binade::{Host, Logger, Options, Result};
use std::fs::File;
use std::io::{BufWriter, Write};

struct MyPlugin {
    file: BufWriter<File>,
    every: u64,
}

impl Logger for MyPlugin {
    fn new(options: &Options, _host: Host) -> Result<Self> {
        let file = BufWriter::new(File::create(options.path("file")?)?);
        Ok(MyPlugin { file, every: options.integer("every")? as u64 })
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        if step.step % self.every == 0 {
            writeln!(self.file, "{} {}", step.step, step.loss)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(self.file.flush()?)
    }
}

binade::logger!(MyPlugin, "my_plugin.toml");

#[cfg(test)]
mod tests {
    use super::*;
    use binade::Value;

    #[test]
    fn every_second_step_has_a_line() {
        let path = std::env::temp_dir().join(format!("my_plugin-{}.txt", std::process::id()));
        let file = Value::String(path.to_str().unwrap().into());
        let options = Options::given(&[("file", file), ("every", Value::Integer(2))]);
        let mut logger = MyPlugin::new(&options, Host::silent()).unwrap();
        let mut step: Step = unsafe { std::mem::zeroed() };
        for number in 1..=4 {
            step.step = number;
            step.loss = 0.5;
            logger.step(&step).unwrap();
        }
        logger.flush().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "2 0.5\n4 0.5\n");
        std::fs::remove_file(path).unwrap();
    }
}

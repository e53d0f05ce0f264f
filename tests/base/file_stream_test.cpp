// Reading a regular file as a stream.
#include "host/base/file_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/support/temporary_folder.h"

namespace binade::host {
namespace {

TEST(FileStream, ReadsLinesAcrossItsBlocks) {
  const TemporaryFolder folder;
  std::string written;
  for (int i = 0; i < 30000; ++i) written += "line " + std::to_string(i) + "\n";
  const auto path = folder.write("lines", written + "and a last one without an end");
  FileStream file(path);
  std::string read, last;
  for (std::string line; std::getline(file, line);) {
    if (file.eof())
      last = line;
    else
      read += line + "\n";
  }
  EXPECT_EQ(read, written);
  EXPECT_EQ(last, "and a last one without an end");
  std::ofstream(path, std::ios::trunc);
  std::string nothing;
  EXPECT_FALSE(FileStream(path) >> nothing);
}

TEST(FileStream, OfWhatIsNotAFileSaysWhat) {
  try {
    FileStream("/dev/zero");
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "cannot read /dev/zero: it is a device, not a file");
  }
}

}  // namespace
}  // namespace binade::host

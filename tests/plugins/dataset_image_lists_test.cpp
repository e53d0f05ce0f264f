// Lists of pictures: CSV files with paths and labels.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/plugins/netpbm.h"
#include "tests/plugins/opened_dataset.h"

namespace binade::host {
namespace {

using testing::HasSubstr;
using Labels = std::vector<std::int64_t>;

class ImageLists : public testing::Test {
 protected:
  GivenOptions list(const std::string& content, GivenOptions more = {}) const {
    more.insert({{"list", text(folder_.write("list.csv", content))}, {"path", text(pictures().string())}});
    return more;
  }
  std::string refused(const std::string& content, GivenOptions more = {}) const {
    return refusal("images", list(content, std::move(more)), BINADE_BAD_DATA);
  }
  std::string file() const { return (folder_ / "list.csv").string(); }

  TemporaryFolder folder_;
};

TEST_F(ImageLists, MayNameTheirColumns) {
  const OpenedDataset data("images", list("patient,label,path\n1,rose,rgb.png\n2,daisy,gray.png\n"));
  EXPECT_EQ(data.read<std::int64_t>(1, {0, 1}), (Labels{1, 0}));
  EXPECT_THAT(data.log(), HasSubstr("2 images, 3 x 17 x 23, 2 classes: 0 = daisy, 1 = rose"));
}

TEST_F(ImageLists, MayHaveNoHeader) {
  const OpenedDataset data("images", list("rgb.png,10\ngray.png,9\nrgb.jpg,10\n"));
  EXPECT_EQ(data.read<std::int64_t>(1, {0, 1, 2}), (Labels{1, 0, 1})) << "integers are sorted by value";
}

TEST_F(ImageLists, AreRelativeToTheirOwnFolder) {
  std::filesystem::copy_file(pictures() / "rgb.png", folder_ / "1.png");
  auto options = list("1.png,a\n./1.png,b\n");
  options.erase("path");
  EXPECT_EQ(OpenedDataset("images", options).size(), 2u);
}

TEST_F(ImageLists, MayValidateOnAnotherList) {
  const auto other = folder_.write("other.csv", "gray.png,rose\n");
  const GivenOptions more{{"validation_list", text(other)}};
  const OpenedDataset data("images", list("rgb.png,daisy\nrgb.jpg,rose\n", more));
  EXPECT_EQ(data.read_from<std::int64_t>("validation", 1, {0}), (Labels{1}));
  EXPECT_THAT(refused("rgb.png,daisy\nrgb.jpg,tulip\n", more),
              HasSubstr(other.string() + ":1: the label \"rose\" does not occur in the training list"));
  EXPECT_THAT(refused("rgb.png,daisy\ngray.png,rose\n", more),
              HasSubstr("gray.png: this picture of validation is also in train"));
}

TEST_F(ImageLists, GroupSplitsByAnyColumn) {
  std::string content = "path,label,patient\n";
  for (int i = 0; i < 20; ++i) content += "rgb.png," + std::to_string(i % 2) + ",p" + std::to_string(i / 4) + "\n";
  const OpenedPlugin plugin("images");
  SplitSettings settings;
  settings.group_by = "patient";
  const Dataset data(plugin.plugin(), plugin.options(list(content)), settings);
  const auto& validation = data.split("validation");
  ASSERT_EQ(validation.size, 4u);
  for (std::uint64_t i = 1; i < 4; ++i) EXPECT_EQ(validation.index(i) / 4, validation.index(0) / 4);
  settings.group_by = "hospital";
  try {
    const Dataset other(plugin.plugin(), plugin.options(list(content)), settings);
    FAIL();
  } catch (const PluginError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no column `hospital`"));
  }
}

TEST_F(ImageLists, SayWhatIsWrongAndWhere) {
  EXPECT_THAT(refused("rgb.png,a\nnowhere.png,b\n"),
              HasSubstr(file() + ":2: the picture \"nowhere.png\", so " + (pictures() / "nowhere.png").string() +
                        ", does not exist"));
  EXPECT_THAT(refused("file,class\nrgb.png,a\n"),
              HasSubstr("does not exist; if this line names columns, call them `path` and `label`"));
  EXPECT_THAT(refused("rgb.png\n"), HasSubstr(file() + ":1: 1 fields; 2 were expected: a path and a label"));
  EXPECT_THAT(refused("path,label\nrgb.png,a,b\n"), HasSubstr(file() + ":2: 3 fields; 2 were expected"));
  EXPECT_THAT(refused("rgb.png,\n"), HasSubstr(file() + ":1: the label is empty"));
  EXPECT_THAT(refused("path,label\n"), HasSubstr("there are no rows"));
  EXPECT_THAT(refused(".,a\n"), HasSubstr("is not a file"));
  EXPECT_THAT(refused("\x1F\x8B\x08"), HasSubstr("this is compressed (gzip)"));
}

}  // namespace
}  // namespace binade::host

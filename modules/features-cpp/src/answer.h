// What a function finds out is in the table `answer`.
#pragma once

#include <spacetimedb.h>

using namespace SpacetimeDB;

// The latest answer to each question.
struct Answer {
  std::string question;
  std::string text;
};
SPACETIMEDB_STRUCT(Answer, question, text)
SPACETIMEDB_TABLE(Answer, answer, Public)
FIELD_PrimaryKey(answer, question)

inline void give_answer(const ReducerContext& ctx, std::string question, std::string text) {
  ctx.db[answer_question].insert_or_update({std::move(question), std::move(text)});
}

// Claims that should be true. The first one that is not becomes the error of the reducer.
class Expectations {
 public:
  void operator()(bool is_true, std::string_view claim) {
    if (!is_true && failure_.empty()) failure_ = text("not true: ", claim);
  }
  ReducerResult result() const {
    if (failure_.empty()) return Ok();
    return Err(failure_);
  }

 private:
  std::string failure_;
};

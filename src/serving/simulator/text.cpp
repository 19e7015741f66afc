#include "serving/simulator/text.hpp"

#include <algorithm>
#include <cstdint>
#include <set>

#include "core/text.hpp"

namespace slipway::serving::simulator {
namespace {

constexpr std::string_view spaces = " \t\n\v\f\r";
bool is_space(char c) { return spaces.contains(c); }

// "Passage: Orders ship." -> "Orders ship."
std::string_view without_label(std::string_view sentence) {
  const auto colon = sentence.find(':');
  if (colon > 12 || sentence.substr(0, colon).find(' ') != std::string_view::npos) {
    return sentence;  // npos, too, is beyond 12
  }
  return core::trimmed(sentence.substr(colon + 1), spaces);
}

std::vector<std::string_view> sentences_of(std::string_view text) {
  std::vector<std::string_view> sentences;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool mark = text[i] == '.' || text[i] == '!' || text[i] == '?';
    const bool ends =
        (mark && (i + 1 == text.size() || is_space(text[i + 1]))) || text[i] == '\n' || i + 1 == text.size();
    if (!ends) continue;
    const auto sentence = without_label(core::trimmed(text.substr(start, i + 1 - start), spaces));
    if (!sentence.empty()) sentences.push_back(sentence);
    start = i + 1;
  }
  return sentences;
}

std::set<std::string> words_of(std::string_view text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : text) {
    if (core::is_alphanumeric(c)) {
      word += core::lower(c);
    } else if (!word.empty()) {
      words.insert(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) words.insert(std::move(word));
  return words;
}

}  // namespace

int count_tokens(std::string_view text) { return static_cast<int>((text.size() + 3) / 4); }

std::string answer_to(std::string_view prompt) {
  const auto sentences = sentences_of(prompt);
  std::string_view question;
  for (const auto sentence : sentences) {
    if (sentence.ends_with('?')) question = sentence;
  }
  if (question.empty()) return "Hello! How can I help you today?";
  const auto asked = words_of(question);
  std::string_view best;
  std::size_t most = 0;
  for (const auto sentence : sentences) {
    if (sentence.ends_with('?')) continue;
    const auto words = words_of(sentence);
    const auto shared =
        static_cast<std::size_t>(std::ranges::count_if(words, [&](const auto& w) { return asked.contains(w); }));
    if (best.empty() || shared > most) {
      best = sentence;
      most = shared;
    }
  }
  return best.empty() ? "I do not know the answer to that." : std::string(best);
}

std::vector<std::string> pieces_of(std::string_view text) {
  std::vector<std::string> pieces;
  std::size_t start = 0;
  for (std::size_t i = 1; i <= text.size(); ++i) {
    if (i < text.size() && !(is_space(text[i]) && !is_space(text[i - 1]))) continue;
    pieces.emplace_back(text.substr(start, i - start));
    start = i;
  }
  return pieces;
}

double fraction_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  hash ^= hash >> 33;  // FNV's high bits alone move too little for short texts
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  return static_cast<double>(hash >> 11) / 9007199254740992.0;
}

}  // namespace slipway::serving::simulator

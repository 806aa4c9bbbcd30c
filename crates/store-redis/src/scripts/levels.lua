-- Counts one request in several limits, or in none if one of them rejects it: nginx's arithmetic, as `traffic::limit` has it.
-- KEYS: the levels. ARGV: of each, the rate in thousandths of a request a second, and the most in thousandths of a request.
-- Answers of each the level that was found and how many milliseconds ago it was raised, or -1 and 0.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local found, raised, is_rejected = {}, {}, false
for place, key in ipairs(KEYS) do
  local rate, most = tonumber(ARGV[2 * place - 1]), tonumber(ARGV[2 * place])
  local known = redis.call('GET', key)
  local excess, elapsed, last = -1, 0, now
  if known then
    local level, at = string.match(known, '^(%d+) (%d+)$')
    excess, last = tonumber(level), tonumber(at)
    elapsed = now - last
    if elapsed < 0 then
      elapsed = elapsed < -60000 and 1 or 0
    end
  end
  local after = 0
  if known then
    after = math.max(0, excess + 1000 - math.floor(rate * elapsed / 1000))
  end
  if known and after > most then
    is_rejected = true
  end
  if elapsed ~= 0 then
    last = now
  end
  raised[place] = {string.format('%d %d', after, last), math.ceil((after + 1000) * 1000 / rate) + 1}
  table.insert(found, excess)
  table.insert(found, elapsed)
end
if not is_rejected then
  for place, key in ipairs(KEYS) do
    redis.call('SET', key, raised[place][1], 'PX', raised[place][2])
  end
end
return found

-- Ends every session. KEYS: untold. The last number stays: none is given twice.
local cursor = '0'
repeat
  local found = redis.call('SCAN', cursor, 'MATCH', '{pendopo}:*', 'COUNT', 1000)
  cursor = found[1]
  for _, key in ipairs(found[2]) do
    local name = string.sub(key, 11)
    if string.find(name, '^session:%d') or string.find(name, '^secret:') or string.find(name, '^sessions:')
      or string.find(name, '^endings') then
      redis.call('UNLINK', key)
    end
  end
until cursor == '0'
redis.call('DEL', KEYS[1])
return 1

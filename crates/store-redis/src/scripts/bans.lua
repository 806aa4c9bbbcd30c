-- Every ban, unless the state is still this one. KEYS: bans, state. ARGV: state.
local state = redis.call('GET', KEYS[2]) or '0'
if state == ARGV[1] then
  return false
end
return {state, redis.call('HVALS', KEYS[1])}
